using Amrutam.Platform.Data;
using Amrutam.Platform.Jobs;
using NodaTime;
using Npgsql;

namespace Amrutam.Platform.Invariants;

/// <summary>Checks every invariant each minute where data changed lately, and in full each night.</summary>
/// <remarks> An invariant's row is the turn: one replica checks it, and all replicas show the result. A violation does
/// not take the server out of rotation. The other replicas have the same data, and without a server patients could not
/// book at all. </remarks>
sealed partial class SweepInvariants(NpgsqlDataSource db, IEnumerable<Invariant> invariants,
    TimeProvider clock, ILogger<SweepInvariants> log) : IJob
{
    const int MostExamples = 5;
    static readonly TimeSpan Every = TimeSpan.FromMinutes(1), MostInFull = TimeSpan.FromMinutes(30);

    // It is less than a minute, because the minutes of replicas begin at different seconds.
    static readonly Duration StillFresh = Duration.FromSeconds(45);

    // In UTC. In India it is two at night, when the fewest patients book.
    static readonly LocalTime Night = new(20, 30);

    readonly List<Invariant> _invariants = [.. invariants];

    /// <summary>The last result of every invariant; empty until the first query.</summary>
    public IReadOnlyList<InvariantResult> Latest { get; private set; } = [];

    /// <summary>The latest results. Before the first check they come from the database, so results from before a
    /// restart are known.</summary>
    public async Task<IReadOnlyList<InvariantResult>> Known(CancellationToken ct)
    {
        if (Latest.Count == 0) await Load(ct);
        return Latest;
    }

    string IJob.Name => "check_invariants";

    TimeSpan IJob.Every => Every;

    TimeSpan IJob.Delay => Every;

    async Task<TimeSpan> IJob.RunOnce(CancellationToken stopping)
    {
        await Run(stopping);
        return Every;
    }

    /// <summary>Checks each invariant that is due and that no other replica has checked.</summary>
    /// <remarks>If one check fails, the others still run, and then the run fails.</remarks>
    public async Task Run(CancellationToken ct)
    {
        Exception? failure = null;
        await Load(ct);
        foreach (var invariant in _invariants)
        {
            ct.ThrowIfCancellationRequested();
            try
            {
                await db.InTransaction(connection => CheckIfDue(connection, invariant));
            }
            catch (Exception e) when (IsTheDatabases(e))
            {
                failure = e;
            }
        }
        await Load(ct);
        if (failure is not null) throw failure;
    }

    /// <summary>Checks every invariant in full, now.</summary>
    public async Task<IReadOnlyList<InvariantResult>> RunInFull(CancellationToken ct)
    {
        await Load(ct);
        foreach (var invariant in _invariants)
            await db.InTransaction(connection => Check(connection, invariant, Window.Everything));
        await Load(ct);
        return Latest;
    }

    async Task<int> CheckIfDue(NpgsqlConnection connection, Invariant invariant)
    {
        var now = Now();
        var due = await connection.Statement(TakeIfDue).With(invariant.Name).With(now - StillFresh)
            .With(LastNight(now))
            .List(row => row.GetBoolean(0) ? Window.Everything : Window.At(now, row.GetInstantOrNull(1)));
        return due is [var window] ? await Check(connection, invariant, window) : 0;
    }

    async Task<int> Check(NpgsqlConnection connection, Invariant invariant, Window window)
    {
        await connection.Statement(PlanForThisWindow).Execute();
        var full = window == Window.Everything;
        var query = invariant.In(connection.Statement(invariant.Sql), window);
        if (full) query.Within(MostInFull);
        var broken = await query.List(row => row.GetString(0));
        if (broken.Count > 0) LogBreach(invariant.Name, broken.Count);
        return await connection.Statement(Keep).With(invariant.Name).With(broken.Count).With(full)
            .With(broken.Take(MostExamples).ToArray()).Execute();
    }

    /// <summary>Reads the results of every invariant. A new invariant counts as not yet checked.</summary>
    async Task Load(CancellationToken ct)
    {
        var rules = _invariants.ConvertAll(i => i.Name).ToArray();
        await db.Statement(Begin).With(rules).Execute();
        Latest = await db.Statement(Read).With(rules).List(row => new InvariantResult(row.GetString(0),
            row.GetInt32(1), row.GetInstantOrNull(2), row.GetInstant(3), row.GetFieldValue<string[]>(4)), ct);
    }

    static bool IsTheDatabases(Exception e) => e is NpgsqlException or CommitOutcomeUnknownException;

    Instant Now() => Instant.FromDateTimeOffset(clock.GetUtcNow());

    static Instant LastNight(Instant now)
    {
        var today = now.InUtc().Date.At(Night).InUtc().ToInstant();
        return today <= now ? today : today - Duration.FromDays(1);
    }

    const string Begin = "insert into platform.invariants (rule) select unnest($1::text[]) on conflict do nothing";

    // A violated invariant is checked over the longest window, so that it does not seem mended at the next check.
    const string TakeIfDue = """
        select fully_checked_at < $3, case when broken = 0 then checked_at end from platform.invariants
         where rule = $1 and (checked_at is null or checked_at < $2) for update skip locked
        """;

    // A recent window and the whole table need different plans. One generic plan for both would suit neither.
    const string PlanForThisWindow = "set local plan_cache_mode = force_custom_plan";

    const string Keep = """
        update platform.invariants
           set broken = $2, checked_at = now(), broken_in_full = case when $3 then $2 else broken_in_full end,
               fully_checked_at = case when $3 then now() else fully_checked_at end,
               examples = case when $3 or $2 > 0 then $4 else examples end
         where rule = $1
        """;

    const string Read = """
        select rule, greatest(broken, broken_in_full), checked_at, fully_checked_at,
               case when greatest(broken, broken_in_full) > 0 then examples else '{}' end
          from platform.invariants where rule = any($1) order by rule
        """;

    [LoggerMessage(Level = LogLevel.Error, Message = "the invariant {Rule} has {Count} violations; "
        + "see InvariantBroken in docs/operations.md")]
    partial void LogBreach(string rule, int count);
}
