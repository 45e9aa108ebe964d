using System.Globalization;

namespace Amrutam.Bench;

/// <summary>The measurements, each against a database of its own. The two sides of a ratio run in
/// alternation.</summary>
static class Scenarios
{
    const int Doctors = 500, Patients = 20_000, Slots = 1_500_000;

    public static int Rounds { get; } = Setting("BENCH_ROUNDS", 5);

    /// <summary>The duration of each side of a round.</summary>
    public static int Seconds { get; } = Setting("BENCH_SECONDS", 8);

    public static Dictionary<string, Func<Report, Task>> All { get; } = new(StringComparer.Ordinal)
    {
        ["bookings"] = Bookings, ["lone"] = Lone, ["reads"] = Reads, ["hot"] = HotSlot.Run, ["mix"] = OpenLoop.Mix,
        ["overload"] = OpenLoop.Overload, ["growth"] = Growth.Run,
        ["availability"] = SlotsAhead.Run, ["seal"] = SealedEvents.Run,
    };

    /// <summary>Fewer and shorter rounds, to try the program itself.</summary>
    public static int Setting(string name, int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var set) ? set : usual;

    static async Task Bookings(Report report)
    {
        await using var bench = await SeededServer.Start(Doctors, Patients, Slots);
        var (pg8, pg16, c32, c256) = (new List<Load>(), new List<Load>(), new List<Load>(), new List<Load>());
        // The runtime then has compiled the hot paths completely, which takes tens of thousands of requests.
        await bench.Book(256, 3 * Seconds);
        await bench.PgBench(8, 3);
        for (var round = 0; round < Rounds; round++)
        {
            pg8.Add(await bench.PgBench(8, Seconds));
            c32.Add(await bench.Book(32, Seconds));
            pg16.Add(await bench.PgBench(16, Seconds));
            c256.Add(await bench.Book(256, Seconds));
        }
        const string Reference = "pgbench, one prepared statement per booking";
        report.Add(Reference, "bookings/s, 8 clients", pg8.Select(l => l.PerSecond));
        report.Add(Reference, "bookings/s, 16 clients", pg16.Select(l => l.PerSecond));
        var best = Middle(pg8) >= Middle(pg16) ? pg8 : pg16;
        report.Add(Reference, "CPU of PostgreSQL a booking, µs", best.Select(l => l.DatabaseCpu / l.Succeeded * 1e6));
        Tell(report, "bookings, 32 connections", c32, best, "≥ 1.5", "");
        Tell(report, "bookings, 256 connections", c256, best, "≥ 2.5", "≤ 60");
        report.Add("memory at 256 connections", "MB", [bench.ServerMegabytes()], "≤ 200");
        await bench.ShouldHoldEveryBooking();
        var starts = new List<double>();
        for (var round = 0; round < Rounds; round++) starts.Add(await bench.RestartAndBook());
        report.Add("start on an existing database", "s until the first booking", starts, "≤ 2");
    }

    static double Middle(List<Load> loads) => Report.Median([.. loads.Select(l => l.PerSecond).Order()]);

    static void Tell(Report report, string scenario, List<Load> loads, List<Load> reference, string ratio, string cpu)
    {
        report.Add(scenario, "bookings/s", loads.Select(l => l.PerSecond));
        report.Add(scenario, "÷ pgbench at its best", loads.Zip(reference, (a, b) => a.PerSecond / b.PerSecond), ratio);
        report.Add(scenario, "p50 ms", loads.Select(l => l.P50));
        report.Add(scenario, "p99 ms", loads.Select(l => l.P99));
        report.Add(scenario, "CPU of the server a booking, µs", loads.Select(l => l.ServerCpu / l.Succeeded * 1e6),
            cpu);
        report.Add(scenario, "CPU of PostgreSQL a booking, µs", loads.Select(l => l.DatabaseCpu / l.Succeeded * 1e6));
        report.Add(scenario, "CPU of wrk a booking, µs", loads.Select(l => l.Cpu / l.Succeeded * 1e6));
        report.Add(scenario, "failed", [loads.Sum(l => l.Failed)], "0");
    }

    static async Task Lone(Report report)
    {
        await using var bench = await SeededServer.Start(Doctors, Patients, Slots / 5);
        var (pg, lone) = (new List<double>(), new List<double>());
        await bench.Book(32, Seconds);
        await bench.Book(1, 3);
        for (var round = 0; round < Rounds; round++)
        {
            pg.Add((await bench.PgBench(1, Seconds)).P50);
            lone.Add((await bench.Book(1, Seconds)).P50);
        }
        report.Add("lone booking, 1 connection", "p50 ms", lone);
        report.Add("pgbench, 1 client", "latency ms", pg);
        report.Add("lone booking, 1 connection", "÷ pgbench", lone.Zip(pg, (a, b) => a / b), "≤ 2.0");
    }

    static async Task Reads(Report report)
    {
        await using var bench = await SeededServer.Start(Doctors, Patients, Slots / 5);
        (string Name, string Path)[] pages = [("directory page", "/api/doctors?limit=20"),
            ("directory page of a field", "/api/doctors?specialization=Panchakarma"),
            ("doctor page", "/api/doctors/" + Ids.Doctor(7)),
                ("open slots", $"/api/doctors/{Ids.Doctor(7)}/slots?limit=20")];
        var health = new List<double>();
        var rates = pages.ToDictionary(p => p.Name, _ => new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            health.Add((await Tools.Wrk(new(bench.Rig.Address, "/health"), 32, Seconds / 2)).PerSecond);
            foreach (var (name, path) in pages) rates[name]
                .Add((await Tools.Wrk(new(bench.Rig.Address, path), 32, Seconds / 2)).PerSecond);
        }
        report.Add("/health", "requests/s", health);
        foreach (var (name, rate) in rates)
        {
            report.Add(name, "requests/s", rate);
            report.Add(name, "÷ /health", rate.Zip(health, (a, b) => a / b), "≥ 0.5");
        }
    }
}
