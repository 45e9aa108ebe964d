using System.Collections.Concurrent;
using Amrutam.Identity.Tokens;
using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Identity.Sessions;

/// <summary>Knows which sessions have ended, so that their access tokens are refused at once on every
/// replica.</summary>
/// <remarks>
/// The ended sessions whose tokens may still run are kept in memory; <see cref="IdentityWatch"/> adds what other
/// replicas end. While the watch is not current (its connection is lost) memory proves nothing, and the database is
/// asked for each request: slower, never open. A session that was never there counts as ended then.
/// </remarks>
sealed class Revocations(NpgsqlDataSource db, TimeProvider clock, IdentitySettings settings)
{
    // The watch looks every second; three missed looks mean that something is wrong with it.
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

    /// <summary>Remembers an ended session until the last of its tokens has expired.</summary>
    public void Add(Guid session) => _ended[session] = clock.GetUtcNow() + TokensOutlive;

    public void IsCurrent() => Interlocked.Exchange(ref _currentAt, clock.GetTimestamp());

    public void IsNotCurrent() => Interlocked.Exchange(ref _currentAt, 0);

    public void ForgetExpired()
    {
        var now = clock.GetUtcNow();
        foreach (var (session, until) in _ended)
            if (until < now) _ended.TryRemove(session, out _);
    }

    /// <summary>Everything that ended within a token's life.</summary>
    public Task Load(NpgsqlConnection connection, CancellationToken ct) => Load(connection, TokensOutlive, ct);

    /// <summary>What ended lately: each look overlaps the last by far more than a transaction here may take.</summary>
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
