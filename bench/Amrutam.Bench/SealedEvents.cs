using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Amrutam.Audit;
using Amrutam.Audit.Contracts;
using Amrutam.Audit.Sealing;
using Amrutam.Identity.Contracts;
using Amrutam.Identity.Encryption;
using Amrutam.Platform.Data;
using Amrutam.Platform.EventLog;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Amrutam.Bench;

/// <summary>Measures the duration of sealing and verifying, and the effect of the sealer on bookings.</summary>
static class SealedEvents
{
    const int Writers = 200, Patients = 20_000, Slots = 600_000;

    static readonly int Events = Scenarios.Setting("BENCH_EVENTS", 1_000_000),
        Rounds = Scenarios.Setting("BENCH_ROUNDS", 5),
        Seconds = Scenarios.Setting("BENCH_SECONDS", 8);

    public static async Task Run(Report report)
    {
        await SealAndVerify(report);
        await BookBesideIt(report);
    }

    static async Task SealAndVerify(Report report)
    {
        await using var rig = await Rig.Start();
        await using var db = rig.Owner();
        await db.Statement(Fill).With(Events).Execute();
        await db.Statement("analyze audit.events").Execute();
        var folder = Directory.CreateTempSubdirectory("amrutam-bench-seals-");
        var keys = new LogKeys(db, new Secrets(new SecretEncryption(RandomNumberGenerator.GetBytes(32))));
        var (state, published) = (new SealState(), new Checkpoints(folder.FullName));
        using var horizon = new EventLogWatermark(db);
        var sealer = new SealLog(db, horizon, keys, state, new AuditSettings(), TimeProvider.System,
            NullLogger<SealLog>.Instance, published);
        var scenario = string.Create(CultureInfo.InvariantCulture, $"{Events:N0} events");
        var sealing = Stopwatch.StartNew();
        while (await sealer.Pass(CancellationToken.None) || state.Last!.OldestUnsealedAt is not null) { }
        Tell(report, scenario + ", sealed and published", sealing.Elapsed, state.Last!.Events);
        foreach (var (with, outside) in new[] { ("", null), (" with the checkpoints outside", published) })
        {
            var verifying = Stopwatch.StartNew();
            var end = await new VerifyLog(db, outside).ToTheEnd(VerifyLog.Reached.Nothing, CancellationToken.None);
            if (end.Violation is { } violation) throw new InvalidOperationException(violation.ToString());
            Tell(report, $"{scenario}, verified{with}", verifying.Elapsed, end.Reached.Events);
        }
        folder.Delete(recursive: true);
    }

    static void Tell(Report report, string scenario, TimeSpan took, long events)
    {
        report.Add(scenario, "s", [took.TotalSeconds]);
        report.Add(scenario, "events/s", [events / took.TotalSeconds]);
    }

    /// <summary>Runs the same server with its sealer and without, in turns. Each is the first every other time. Without
    /// it, another connection holds the sealer's lock.</summary>
    static async Task BookBesideIt(Report report)
    {
        await using var bench = await SeededServer.Start(500, Patients, Slots);
        await using var db = bench.Rig.Owner();
        await bench.Book(Writers, Seconds);
        var (with, without, ages) = (new List<Load>(), new List<Load>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            if (round % 2 == 0) without.Add(await Without(bench, db));
            await UntilSealed(db);
            with.Add(await bench.Book(Writers, Seconds));
            ages.Add(await db.Statement(SealLog.Age).Value<double>());
            if (round % 2 == 1) without.Add(await Without(bench, db));
        }
        var scenario = $"bookings, {Writers} connections";
        report.Add(scenario + ", sealer off", "bookings/s", without.Select(l => l.PerSecond));
        report.Add(scenario + ", sealer on", "bookings/s", with.Select(l => l.PerSecond));
        report.Add(scenario, "on ÷ off", with.Zip(without, (a, b) => a.PerSecond / b.PerSecond), "within the noise");
        report.Add(scenario + ", sealer off", "p99 ms", without.Select(l => l.P99));
        report.Add(scenario + ", sealer on", "p99 ms", with.Select(l => l.P99));
        report.Add(scenario + ", sealer on", "s, oldest unsealed event at the end", ages, "< 10");
        report.Add(scenario + ", sealer on", "looks that found it waiting or waited for",
            [await CountWaits(bench, db)], "0");
    }

    static async Task<Load> Without(SeededServer bench, NpgsqlDataSource db)
    {
        // As with the sealer on, old events are sealed before the measurement and not during it.
        await UntilSealed(db);
        await using var turn = await db.OpenConnectionAsync();
        await turn.Statement(KeepTheTurn).Execute();
        var load = await bench.Book(Writers, Seconds);
        await turn.Statement("select pg_advisory_unlock_all()").Execute();
        return load;
    }

    /// <summary>It is a run of its own, because reading the lock tables costs time too.</summary>
    static async Task<long> CountWaits(SeededServer bench, NpgsqlDataSource db)
    {
        var (booking, found) = (bench.Book(Writers, Seconds), 0L);
        while (!booking.IsCompleted)
        {
            found += await db.Statement(Waits).Value<long>();
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }
        await booking;
        return found;
    }

    static async Task UntilSealed(NpgsqlDataSource db)
    {
        while (await db.Statement(SealLog.Age).Value<double>() > 0) await Task.Delay(100);
    }

    const string Fill = """
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select gen_random_uuid(), 'patient', 'bookings.booked', 'booking', gen_random_uuid(),
               jsonb_build_object('doctor_id', gen_random_uuid(), 'slot_id', gen_random_uuid(), 'starts_at', now()),
               md5(n::text)
          from generate_series(1, $1) n
        """;

    const string KeepTheTurn = "select pg_advisory_lock(1397047628)";

    // Finds the holder of the sealer's lock if it waits, and the sessions that wait for its locks. It reads the locks
    // once: a moment later the same connection may serve a booking.
    const string Waits = """
        with locks as materialized (select * from pg_locks),
        sealer as (select pid from locks where locktype = 'advisory' and objid = 1397047628 and granted)
        select count(*) from locks wait
         where not wait.granted
           and (wait.pid in (select pid from sealer)
                or exists (select from locks held
                            where held.granted and held.pid in (select pid from sealer)
                              and (held.locktype, held.database, held.relation, held.page, held.tuple, held.virtualxid,
                                   held.transactionid, held.classid, held.objid, held.objsubid)
                                  is not distinct from
                                  (wait.locktype, wait.database, wait.relation, wait.page, wait.tuple, wait.virtualxid,
                                   wait.transactionid, wait.classid, wait.objid, wait.objsubid)))
        """;
}
