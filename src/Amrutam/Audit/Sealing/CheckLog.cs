using Amrutam.Platform.Data;
using Amrutam.Platform.Jobs;
using Amrutam.Platform.Telemetry;
using Npgsql;

namespace Amrutam.Audit.Sealing;

/// <summary>Compares the newest events with their seals each minute, and goes over the whole log in the background, a
/// window a second, once a day.</summary>
/// <remarks>
/// So that a changed row is told within a minute when it is among the newest 20,000, within a day however old it is,
/// and so that nobody's question has to read the whole log. One replica at a time does a window; how far it came stands
/// in the database, so any may go on. What was found stays until the whole log was found sound, which is looked at
/// again each hour: after a mend, the answer need not wait for tomorrow.
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

    /// <summary>Checks the newest events, unless a replica did lately. Nothing is held meanwhile: neither a connection
    /// while another is asked for, nor a transaction that readers of the log would wait for.</summary>
    async Task CheckNewest(CancellationToken ct)
    {
        if (await db.Statement(TakeNewest).With(StillFresh).Execute() == 0) return;
        var (_, end) = await verify.Newest(ct);
        if (end.Broken is not { } broken) return;
        LogBroken(broken.Seal, broken.Position, broken.Because);
        await db.Statement(Tell).With(broken.Seal).With(broken.Position).With(broken.Because).Execute();
    }

    /// <summary>Checks the next window, when a check is under way or due.</summary>
    /// <returns>True when there is more to check.</returns>
    public Task<bool> CheckSome(CancellationToken ct) => db.InTransaction(async connection =>
    {
        var turn = await connection.Statement(TakeTurn).With(settings.CheckHours)
            .One(row => new Turn(row.GetInt64(0)), ct);
        if (turn is null) return false;
        var step = await verify.Next(await verify.Behind(turn.Through, ct), ct);
        if (step.Broken is { } broken)
        {
            LogBroken(broken.Seal, broken.Position, broken.Because);
            await connection.Statement(Finish).With(step.Reached.Number).With((long?)broken.Seal).With(broken.Position)
                .With((string?)broken.Because).Execute();
        }
        else if (step.More) await connection.Statement(GoOn).With(step.Reached.Number).Execute();
        else
            await connection.Statement(Finish).With(step.Reached.Number).With((long?)null).With((long?)null)
                .With((string?)null).Execute();
        return step.More;
    });

    public static async Task<IEnumerable<GaugeReading>> ReadBroken(IServiceProvider services, CancellationToken ct) =>
        [new(await services.GetRequiredService<NpgsqlDataSource>().Statement(IsBroken).Value<int>(ct))];

    const string IsBroken = "select (broken_seal is not null)::int from audit.verification";

    // The row's lock gives the turn to one replica, and lets what another tells meanwhile be written after the window's
    // result, which would wipe it out otherwise.
    const string TakeTurn = """
        select through_seal from audit.verification
         where began_at is not null or finished_at is null or finished_at < now() - $1 * interval '1 hour'
               or (broken_seal is not null and finished_at < now() - interval '1 hour')
           for update skip locked
        """;

    // A check that fails is tried again at the next look, when this is no longer fresh.
    const string TakeNewest = """
        update audit.verification set newest_checked_at = clock_timestamp()
         where newest_checked_at is null or newest_checked_at < now() - $1 * interval '1 second'
        """;

    // Of two that are known the earlier one is the first.
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
        "the event log is not what was sealed: in seal {Seal} the event at position {Position} {Broken}")]
    partial void LogBroken(long seal, long? position, string broken);
}
