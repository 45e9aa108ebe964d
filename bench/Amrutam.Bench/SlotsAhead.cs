using System.Diagnostics;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Caching;
using Amrutam.Platform.Operations;
using Amrutam.Scheduling.Schedule;
using Microsoft.Extensions.Logging.Abstractions;

namespace Amrutam.Bench;

/// <summary>Measures how long the job takes to make 90 days of slots for many doctors, and how long a run without work
/// takes.</summary>
static class SlotsAhead
{
    // BENCH_DOCTORS makes it smaller, for a machine with other work.
    static readonly int Doctors = Scenarios.Setting("BENCH_DOCTORS", 10_000);

    public static async Task Run(Report report)
    {
        await using var rig = await Rig.Start();
        await using var db = rig.Owner();
        await Seed.Fill(db, Doctors, patients: 1, slots: 0);
        await db.Statement(OfferMornings).Execute();
        // Nobody listens.
        using var failures = new FailureLog(NullLogger<FailureLog>.Instance, TimeProvider.System);
        using var changes = new CacheInvalidation(new(rig.OwnerConnectionString, rig.OwnerConnectionString), db,
            TimeProvider.System, failures);
        var job = new GenerateSlots(db, changes);

        var scenario = FormattableString.Invariant($"90 days ahead, {Doctors:N0} doctors");
        var (made, first) = await MakeAll(job);
        report.Add(scenario, "slots made", [made]);
        report.Add(scenario, "s", [first.TotalSeconds]);
        report.Add(scenario, "slots/s", [made / first.TotalSeconds]);

        await db.Statement(MakeAllDue).Execute();
        var (more, second) = await MakeAll(job);
        report.Add(scenario + ", again", "slots made", [more], "0");
        report.Add(scenario + ", again", "s", [second.TotalSeconds]);
    }

    static async Task<(int Slots, TimeSpan Time)> MakeAll(GenerateSlots job)
    {
        var watch = Stopwatch.StartNew();
        var made = await job.MakeAll(CancellationToken.None);
        return (made.Added + made.Closed, watch.Elapsed);
    }

    // Four hours of half hours on five days, as for a doctor who also works elsewhere.
    const string OfferMornings = """
        insert into scheduling.availability (doctor_id, rules, horizon_days)
        select id, (select jsonb_agg(jsonb_build_object(
                   'weekday', day, 'from', '09:00', 'to', '13:00', 'slot_minutes', 30, 'gap_minutes', 0))
              from unnest('{monday,tuesday,wednesday,thursday,friday}'::text[]) as day), 90
          from doctors.profiles
        """;

    const string MakeAllDue = "update scheduling.availability set due_at = now()";
}
