using System.Globalization;
using Amrutam.Bench.Bookings;

namespace Amrutam.Bench;

/// <summary>The measurements, each against a database of its own. The two sides of a ratio run in
/// alternation.</summary>
static class Scenarios
{
    const int Doctors = 500, Patients = 20_000, Slots = 300_000;

    public static int Rounds { get; } = Setting("BENCH_ROUNDS", 5);

    /// <summary>The duration of each side of a round.</summary>
    public static int Seconds { get; } = Setting("BENCH_SECONDS", 8);

    public static Dictionary<string, Func<Report, Task>> All { get; } = new(StringComparer.Ordinal)
    {
        ["bookings"] = BookingScenarios.Measure, ["lone"] = BookingScenarios.MeasureLone, ["reads"] = Reads,
        ["hot"] = HotSlot.Run, ["mix"] = OpenLoop.Mix, ["overload"] = OpenLoop.Overload, ["growth"] = Growth.Run,
        ["availability"] = SlotsAhead.Run, ["seal"] = SealedEvents.Run,
    };

    /// <summary>Fewer and shorter rounds, to try the program itself.</summary>
    public static int Setting(string name, int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var set) ? set : usual;

    static async Task Reads(Report report)
    {
        await using var bench = await SeededServer.Start(Doctors, Patients, Slots);
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
