using Amrutam.Platform.Data;
using Amrutam.Platform.Jobs;
using NodaTime;
using Npgsql;

namespace Amrutam.Platform.Invariants;

/// <summary>Checks every rule of the data each minute where it changed lately, and in full each night.</summary>
/// <remarks>
/// A rule's row is the turn: of two replicas one checks it, and all show what was found. A breach does not take the
/// server out of rotation: the others serve the same data, and patients who cannot book are not helped.
/// </remarks>
sealed partial class SweepInvariants(NpgsqlDataSource db, IEnumerable<Invariant> invariants,
    TimeProvider clock, ILogger<SweepInvariants> log) : IJob
{
    const int MostExamples = 5;
    static readonly TimeSpan Every = TimeSpan.FromMinutes(1), MostInFull = TimeSpan.FromMinutes(30);

    // Less than a minute, because replicas' minutes begin at different seconds.
    static readonly Duration StillFresh = Duration.FromSeconds(45);

    // UTC; two at night in India, when the fewest book.
    static readonly LocalTime Night = new(20, 30);

    readonly List<Invariant> _invariants = [.. invariants];

    /// <summary>What is known of every rule; empty until the first look into the database.</summary>
    public IReadOnlyList<InvariantResult> Latest { get; private set; } = [];

    /// <summary>The latest, asked of the database before the first check: what was found before a start is known after
    /// it.</summary>
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

    /// <summary>Checks what is due, as far as no other replica has.</summary>
    /// <remarks>A rule that cannot be checked does not keep the others from it; the run has failed all the
    /// same.</remarks>
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

    /// <summary>Checks everything in full, now.</summary>
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

    /// <summary>Reads what is known of every rule; of one that is new, that it has not been checked.</summary>
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

    // What is broken is looked for in the longest window, so that it does not seem mended at the next check.
    const string TakeIfDue = """
        select fully_checked_at < $3, case when broken = 0 then checked_at end from platform.invariants
         where rule = $1 and (checked_at is null or checked_at < $2) for update skip locked
        """;

    // A recent window and the whole table want different plans; the one settled on for both would suit neither.
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

    [LoggerMessage(Level = LogLevel.Error, Message = "the rule {Rule} is broken {Count} times")]
    partial void LogBreach(string rule, int count);
}
