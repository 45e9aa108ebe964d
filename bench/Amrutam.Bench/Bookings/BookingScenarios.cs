using System.Globalization;
using Amrutam.Platform.Data;

namespace Amrutam.Bench.Bookings;

/// <summary>Bookings as clients make them: each under a key of its own, by patients with no, few and many visits
/// ahead.</summary>
/// <remarks>The references are one prepared statement for each booking: on the same tables, and on bare ones. All take
/// turns within a round.</remarks>
static class BookingScenarios
{
    const int Doctors = 500, Patients = 5_000, Few = 10, Many = 200, Peak = 256;

    // The runtime then has compiled the hot paths completely, which takes tens of thousands of requests.
    const int WarmUpSeconds = 20;

    static readonly int Seconds = Scenarios.Setting("BENCH_SECONDS", 30);
    static readonly int Slots = Scenarios.Setting("BENCH_SLOTS", 3_000_000);
    static readonly TimeSpan Idle = TimeSpan.FromSeconds(Scenarios.Setting("BENCH_IDLE", 600));

    /// <summary>The runs of a scenario, a load for each round.</summary>
    sealed class Runs : List<Load>
    {
        public double Median => Report.Median([.. this.Select(l => l.PerSecond).Order()]);

        public static Runs Best(params Runs[] all) => all.MaxBy(runs => runs.Median)!;

        public IEnumerable<double> Over(Runs others) => this.Zip(others, (a, b) => a.PerSecond / b.PerSecond);
    }

    public static async Task Measure(Report report)
    {
        await using var bench = await SeededServer.Start(Doctors, Patients, Slots);
        var bare = new BareTables(bench, Slots / 2);
        await bare.Make();
        report.Add("memory at rest", "MB", [bench.ServerMegabytes()]);
        report.Add("slots published over HTTP before", "slots", [await PublishSlots(bench)]);
        await bench.Book(Peak, Math.Min(WarmUpSeconds, 3 * Seconds));
        Runs bare8 = [], bare16 = [], same8 = [], same16 = [], c32 = [], c256 = [], later = [], few = [], many = [];
        for (var round = 0; round < Scenarios.Rounds; round++)
        {
            bare8.Add(await bare.PgBench(8, Seconds));
            c32.Add(await bench.Book(32, Seconds));
            same8.Add(await bench.PgBench(8, Seconds));
            c256.Add(await bench.Book(Peak, Seconds));
            later.Add(await bench.GoOnBooking(Peak, Seconds));
            bare16.Add(await bare.PgBench(16, Seconds));
            many.Add(await bench.Book(Peak, Seconds, Many));
            same16.Add(await bench.PgBench(16, Seconds));
            few.Add(await bench.Book(Peak, Seconds, Few));
        }
        var (least, same) = (Runs.Best(bare8, bare16), Runs.Best(same8, same16));
        AddReference(report, "one statement a booking on bare tables", least);
        AddReference(report, "one statement a booking on the same tables", same);
        AddLoad(report, "bookings, 32 connections", c32, least, same, "≥ 0.6");
        AddLoad(report, "bookings, 256 connections", c256, least, same, "≥ 1.0", database: "≤ 80", server: "≤ 70");
        AddLoad(report, "with 10 visits ahead, 256 connections", few, least, same);
        AddLoad(report, "with 200 visits ahead, 256 connections", many, least, same);
        report.Add("with 200 visits ahead", "÷ with none", many.Over(c256), "≥ 0.95");
        report.Add("second half-minute, 256 connections", "÷ first", later.Over(c256), "≥ 0.95");
        await AddMemory(report, bench);
        await bench.ShouldHoldEveryBooking();
        var starts = new List<double>();
        for (var round = 0; round < Scenarios.Rounds; round++) starts.Add(await bench.RestartAndBook());
        report.Add("start on an existing database", "s until the first booking", starts, "≤ 2");
    }

    public static async Task MeasureLone(Report report)
    {
        await using var bench = await SeededServer.Start(Doctors, Patients, Slots / 10);
        var (pg, lone) = (new List<double>(), new List<double>());
        await bench.Book(32, Seconds);
        await bench.Book(1, 3);
        for (var round = 0; round < Scenarios.Rounds; round++)
        {
            pg.Add((await bench.PgBench(1, Seconds)).P50);
            lone.Add((await bench.Book(1, Seconds)).P50);
        }
        report.Add("lone booking, 1 connection", "p50 ms", lone);
        report.Add("one statement on the same tables, 1 client", "latency ms", pg);
        report.Add("lone booking, 1 connection", "÷ one statement on the same tables",
            lone.Zip(pg, (a, b) => a / b), "≤ 1.5");
    }

    /// <returns>The number of slots.</returns>
    static async Task<double> PublishSlots(SeededServer bench)
    {
        var tokens = await bench.Rig.WriteTokens("doctor",
            Enumerable.Range(0, Doctors).Select(n => (Ids.Doctor(n), Ids.Session(Patients + n))));
        // After every seeded slot of the same doctors.
        var first = TimeProvider.System.GetUtcNow().AddDays(500).ToUnixTimeSeconds() / 1800 * 1800;
        var load = await Tools.Wrk(bench.Rig.Address, 32, Seconds, Tools.Script("publish.lua"), tokens,
            first.ToString(CultureInfo.InvariantCulture));
        if (load.Failed > 0) throw new InvalidOperationException($"{load.Failed} slots were not published");
        await using var owner = bench.Rig.Owner();
        await owner.Statement(TakeForGenerated).Execute();
        return load.Succeeded;
    }

    // Runs empty the log. A slot by hand whose event is gone would be a violation in each sweep of the invariants.
    const string TakeForGenerated = """
        update scheduling.slots set from_rules = true where not from_rules and starts_at > now() + interval '499 days'
        """;

    static async Task AddMemory(Report report, SeededServer bench)
    {
        report.Add("memory after all runs", "MB", [bench.ServerMegabytes()], "≤ 200");
        await Task.Delay(Idle);
        report.Add($"memory {Idle.TotalMinutes:0.#} minutes later", "MB", [bench.ServerMegabytes()], "≤ 150");
    }

    static void AddReference(Report report, string scenario, Runs runs)
    {
        report.Add(scenario, "bookings/s at its best", runs.Select(l => l.PerSecond));
        report.Add(scenario, "CPU of PostgreSQL a booking, µs", runs.Select(l => l.DatabaseCpu / l.Succeeded * 1e6));
    }

    static void AddLoad(Report report, string scenario, Runs runs, Runs least, Runs same, string ratio = "",
        string database = "", string server = "")
    {
        report.Add(scenario, "bookings/s", runs.Select(l => l.PerSecond));
        report.Add(scenario, "÷ one statement on bare tables", runs.Over(least), ratio);
        report.Add(scenario, "÷ one statement on the same tables", runs.Over(same));
        report.Add(scenario, "p50 ms", runs.Select(l => l.P50));
        report.Add(scenario, "p99 ms", runs.Select(l => l.P99));
        report.Add(scenario, "CPU of the server a booking, µs", runs.Select(l => l.ServerCpu / l.Succeeded * 1e6),
            server);
        report.Add(scenario, "CPU of PostgreSQL a booking, µs", runs.Select(l => l.DatabaseCpu / l.Succeeded * 1e6),
            database);
        report.Add(scenario, "CPU of wrk a booking, µs", runs.Select(l => l.Cpu / l.Succeeded * 1e6));
        report.Add(scenario, "failed", [runs.Sum(l => l.Failed)], "0");
    }
}
