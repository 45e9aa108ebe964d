using System.Threading.Channels;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Jobs;
using Npgsql;

namespace Amrutam.Identity.SignIn;

/// <summary>Records failed sign-ins, wrong codes and forbidden requests as events. Of each kind, account and hour it
/// records the 1st, 10th, 100th … failure with the count so far.</summary>
/// <remarks>
/// The log grows with the logarithm of an attack. Unknown addresses share one count, so an event names nobody. A job
/// writes the events: a failure for an existing account takes as long as one for an unknown address. Each replica
/// counts separately. A full queue drops events, and a stopping server loses those of its last second.
/// </remarks>
sealed class FailedAttempts(NpgsqlDataSource db, JobRunner jobs, TimeProvider clock) : BackgroundService
{
    public const string SignIn = "sign_ins.refused", Code = "codes.refused", Request = "requests.forbidden";
    public const string Anonymous = "anonymous";

    // 10,000 counts need about 1 MB. A full table starts again from zero.
    const int MaxCounts = 10_000, MaxQueued = 1_000;
    static readonly TimeSpan BetweenWrites = TimeSpan.FromSeconds(1);
    readonly Dictionary<Key, int> _counts = [];
    readonly Channel<Event> _queue = Channel.CreateBounded<Event>(
        new BoundedChannelOptions(MaxQueued) { FullMode = BoundedChannelFullMode.DropWrite });

    readonly record struct Key(string Action, Guid? Account, long Hour);

    sealed record Event(string Action, Guid? Account, string Role, int Count, string Trace);

    /// <param name="action">One of the constants above.</param>
    /// <param name="account">The account concerned; null for an unknown address.</param>
    /// <param name="role">The role of the signed-in caller, or <see cref="Anonymous"/>.</param>
    public void Count(string action, Guid? account, string role)
    {
        var key = new Key(action, account, clock.GetUtcNow().ToUnixTimeSeconds() / 3600);
        int count;
        lock (_counts)
        {
            if (_counts.Count == MaxCounts) _counts.Clear();
            count = _counts[key] = _counts.GetValueOrDefault(key) + 1;
        }
        if (IsPowerOfTen(count)) _queue.Writer.TryWrite(new(action, account, role, count, CommonProblems.Trace()));
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        jobs.Every("record_failed_attempts", BetweenWrites, Write, stoppingToken);

    /// <summary>An event leaves the queue after it was written, so an unavailable database only delays it.</summary>
    async Task Write()
    {
        while (_queue.Reader.TryPeek(out var failure))
        {
            await db.Statement(Insert).With(failure.Role == Anonymous ? null : failure.Account).With(failure.Role)
                .With(failure.Action).With(failure.Account).With(failure.Count).With(failure.Trace).Execute();
            _queue.Reader.TryRead(out _);
        }
    }

    static bool IsPowerOfTen(int count)
    {
        while (count % 10 == 0) count /= 10;
        return count == 1;
    }

    const string Insert = """
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        values ($1, $2, $3, 'account', $4, jsonb_build_object('count', $5::int), $6)
        """;
}
