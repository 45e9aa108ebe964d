using Amrutam.Platform.Data;
using Amrutam.Platform.Jobs;
using Amrutam.Platform.Telemetry;
using Npgsql;

namespace Amrutam.Audit.Sealing;

/// <summary>Compares the newest events with their seals each minute, and the whole log once a day, a window a
/// second.</summary>
/// <remarks>
/// A changed row is found within a minute among the newest 20,000 and within a day elsewhere, and no request reads the
/// whole log. One replica at a time checks a window; the progress is in the database, so any replica can continue. A
/// violation is kept until the whole log is valid. While there is one, the log is checked each hour.
/// </remarks>
sealed partial class CheckLog(NpgsqlDataSource db, VerifyLog verify, AuditSettings settings, ILogger<CheckLog> log)
    : IJob
{
    // Seconds. Less than a minute, because replicas' minutes begin at different seconds.
    const int StillFresh = 45;

    static readonly TimeSpan BetweenWindows = TimeSpan.FromSeconds(1), BetweenLooks = TimeSpan.FromMinutes(1);

    sealed record Turn(long Through);

    string IJob.Name => "check_log";

    TimeSpan IJob.Every => BetweenLooks;

    async Task<TimeSpan> IJob.RunOnce(CancellationToken stopping) =>
        await Look(stopping) ? BetweenWindows : BetweenLooks;

    /// <summary>Checks the newest events, and the next window of the whole.</summary>
    /// <returns>True when there is more to check.</returns>
    public async Task<bool> Look(CancellationToken ct)
    {
        await CheckNewest(ct);
        return await CheckSome(ct);
    }

    /// <summary>Checks the newest events, unless a replica did so lately. Meanwhile it holds no connection and no
    /// transaction.</summary>
    async Task CheckNewest(CancellationToken ct)
    {
        if (await db.Statement(TakeNewest).With(StillFresh).Execute() == 0) return;
        var (_, end) = await verify.Newest(ct);
        if (end.Violation is not { } violation) return;
        LogViolation(violation.Seal, violation.Position, violation.Because);
        await db.Statement(Tell).With(violation.Seal).With(violation.Position).With(violation.Because).Execute();
    }

    /// <summary>Checks the next window, when a check is under way or due.</summary>
    /// <returns>True when there is more to check.</returns>
    public Task<bool> CheckSome(CancellationToken ct) => db.InTransaction(async connection =>
    {
        var turn = await connection.Statement(TakeTurn).With(settings.CheckHours)
            .One(row => new Turn(row.GetInt64(0)), ct);
        if (turn is null) return false;
        var step = await verify.Next(await verify.Behind(turn.Through, ct), ct);
        if (step.Violation is { } violation)
        {
            LogViolation(violation.Seal, violation.Position, violation.Because);
            await connection.Statement(Finish).With(step.Reached.Number).With((long?)violation.Seal)
                .With(violation.Position).With((string?)violation.Because).Execute();
        }
        else if (step.More) await connection.Statement(GoOn).With(step.Reached.Number).Execute();
        else
            await connection.Statement(Finish).With(step.Reached.Number).With((long?)null).With((long?)null)
                .With((string?)null).Execute();
        return step.More;
    });

    public static async Task<IEnumerable<GaugeReading>> ReadViolation(IServiceProvider services,
        CancellationToken ct) =>
        [new(await services.GetRequiredService<NpgsqlDataSource>().Statement(HasViolation).Value<int>(ct))];

    const string HasViolation = "select (broken_seal is not null)::int from audit.verification";

    // The row's lock lets one replica check. A violation that another replica finds is written after this window's
    // result, which would overwrite it.
    const string TakeTurn = """
        select through_seal from audit.verification
         where began_at is not null or finished_at is null or finished_at < now() - $1 * interval '1 hour'
               or (broken_seal is not null and finished_at < now() - interval '1 hour')
           for update skip locked
        """;

    // A check that fails is tried again when this time is no longer fresh.
    const string TakeNewest = """
        update audit.verification set newest_checked_at = clock_timestamp()
         where newest_checked_at is null or newest_checked_at < now() - $1 * interval '1 second'
        """;

    // The earlier of two violations is kept.
    const string Tell = """
        update audit.verification
           set broken_seal = least(broken_seal, $1),
               broken_position = case when broken_seal < $1 then broken_position else $2 end,
               broken_because = case when broken_seal < $1 then broken_because else $3 end
        """;

    const string GoOn = """
        update audit.verification set began_at = coalesce(began_at, now()), through_seal = $1
        """;

    const string Finish = """
        update audit.verification
           set began_at = null, through_seal = 0, finished_at = clock_timestamp(), finished_seals = $1,
               broken_seal = $2, broken_position = $3, broken_because = $4
        """;

    [LoggerMessage(Level = LogLevel.Critical, Message =
        "the event log differs from its seal {Seal}: the event at position {Position} {Broken}; "
        + "see LogChanged in docs/operations.md")]
    partial void LogViolation(long seal, long? position, string broken);
}
