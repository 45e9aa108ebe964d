using System.Collections.Concurrent;
using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Identity.Tokens;

/// <summary>The ended sessions, whose access tokens every replica refuses at once.</summary>
/// <remarks>
/// Memory holds the ended sessions whose tokens may not have expired. <see cref="IdentityWatch"/> adds those that other
/// replicas end. While the watch has lost its connection, each request asks the database: it fails closed. An unknown
/// session then counts as ended.
/// </remarks>
sealed class Revocations(NpgsqlDataSource db, TimeProvider clock, IdentitySettings settings)
{
    // The watch polls every second; three missed polls mean a fault.
    static readonly TimeSpan CurrentFor = TimeSpan.FromSeconds(3);
    readonly ConcurrentDictionary<Guid, DateTimeOffset> _ended = new();
    long _currentAt;

    public async ValueTask<bool> IsEnded(Guid session)
    {
        if (_ended.ContainsKey(session)) return true;
        var since = Interlocked.Read(ref _currentAt);
        if (since != 0 && clock.GetElapsedTime(since) < CurrentFor) return false;
        return !await db.Statement(IsLive).With(session).Value<bool>();
    }

    /// <summary>Stores an ended session until the last of its tokens has expired.</summary>
    public void Add(Guid session) => _ended[session] = clock.GetUtcNow() + TokensOutlive;

    public void IsCurrent() => Interlocked.Exchange(ref _currentAt, clock.GetTimestamp());

    public void IsNotCurrent() => Interlocked.Exchange(ref _currentAt, 0);

    public void ForgetExpired()
    {
        var now = clock.GetUtcNow();
        foreach (var (session, until) in _ended)
            if (until < now) _ended.TryRemove(session, out _);
    }

    /// <summary>Loads every session that ended within the life of a token.</summary>
    public Task Load(NpgsqlConnection connection, CancellationToken ct) => Load(connection, TokensOutlive, ct);

    /// <summary>Loads the sessions of the last minute; the overlap exceeds the longest transaction.</summary>
    public Task LoadLatest(NpgsqlConnection connection, CancellationToken ct) =>
        Load(connection, TimeSpan.FromMinutes(1), ct);

    async Task Load(NpgsqlConnection connection, TimeSpan within, CancellationToken ct)
    {
        foreach (var session in await connection.Statement(ReadEnded).With(within.TotalSeconds)
            .List(row => row.GetGuid(0), ct)) Add(session);
    }

    // The life of a token, the tolerated skew, and time for clocks to differ.
    TimeSpan TokensOutlive => TimeSpan.FromMinutes(settings.AccessTokenMinutes + 5);

    const string IsLive = """
        select exists (select from identity.sessions where id = $1 and ended_at is null and expires_at > now())
        """;

    const string ReadEnded = "select id from identity.sessions where ended_at > now() - $1 * interval '1 second'";
}
