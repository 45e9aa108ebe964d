namespace Amrutam.Bench;

/// <summary>The load of a day's peak, and one far above it.</summary>
static class OpenLoop
{
    const int Doctors = 500, Patients = 20_000, Peak = 256;

    public static async Task Mix(Report report)
    {
        await using var bench = await SeededServer.Start(Doctors, Patients, 300_000);
        using var sender = await Sender.Over(bench, Doctors);
        var duration = TimeSpan.FromMinutes(Scenarios.Setting("BENCH_MINUTES", 10));
        await Task.WhenAll(sender.Offer(60, TimeSpan.FromSeconds(5), sender.Book), sender
            .Offer(1000, TimeSpan.FromSeconds(5), sender.Read));
        var (server, database, own) = (Tools.Cpu(bench.Rig.ServerPid), Tools.Cpu(bench.Rig.DatabasePid),
            Environment.CpuUsage.TotalTime);
        var bookings = sender.Offer(60, duration, sender.Book);
        var reads = sender.Offer(3000, duration, sender.Read);
        var scenario = $"60 bookings/s and 3,000 reads/s for {duration.TotalMinutes:0.#} min";
        Tell(report, scenario + ": bookings", await bookings, "< 50");
        Tell(report, scenario + ": reads", await reads, "< 20");
        report.Add(scenario, "CPU of the server, % of a core",
            [(Tools.Cpu(bench.Rig.ServerPid) - server) / duration.TotalSeconds * 100]);
        report.Add(scenario, "CPU of PostgreSQL, % of a core",
            [(Tools.Cpu(bench.Rig.DatabasePid) - database) / duration.TotalSeconds * 100]);
        report.Add(scenario, "CPU of the load program, % of a core",
            [(Environment.CpuUsage.TotalTime - own) / duration * 100]);
    }

    /// <remarks>The flood is ten times as many clients, each of which waits for its response. A machine that also runs
    /// the clients cannot offer more. The next load follows at once, while the server still has work of the flood. The
    /// peak is measured in the same way, because a run begins with empty tables and may slow down while they
    /// fill.</remarks>
    public static async Task Overload(Report report)
    {
        await using var bench = await SeededServer.Start(Doctors, Patients, 2_000_000);
        await bench.Book(Peak, 3 * Scenarios.Seconds);
        var (peaks, floods) = (new List<Followed>(), new List<Followed>());
        for (var round = 0; round < Scenarios.Rounds; round++)
        {
            peaks.Add(await Followed.Measure(bench, Peak));
            floods.Add(await Followed.Measure(bench, 10 * Peak));
        }
        const string Scenario = "ten times the connections of the peak", After = "the 10 s after it";
        report.Add(Scenario, "bookings/s at the peak, 256 connections", peaks.Select(p => p.Load.PerSecond));
        report.Add(Scenario, "bookings/s, 2,560 connections", floods.Select(f => f.Load.PerSecond));
        report.Add(Scenario, "goodput ÷ peak",
            floods.Zip(peaks, (f, p) => f.Load.PerSecond / p.Load.PerSecond), "≥ 0.9");
        report.Add(Scenario, "p99 ms", floods.Select(f => f.Load.P99));
        report.Add(Scenario, "failed", floods.Select(f => (double)f.Load.Failed));
        report.Add(After, "bookings/s ÷ peak",
            floods.Zip(peaks, (f, p) => f.After.PerSecond / p.Load.PerSecond), "≥ 0.9");
        report.Add(After, "bookings/s ÷ the 10 s after the peak",
            floods.Zip(peaks, (f, p) => f.After.PerSecond / p.After.PerSecond), "≥ 0.9");
        report.Add(After, "failed", floods.Select(f => (double)f.After.Failed));
    }

    /// <summary>A load that begins without bookings, and the peak's connections in the ten seconds after it.</summary>
    sealed record Followed(Load Load, Load After)
    {
        const int Recovery = 10;

        public static async Task<Followed> Measure(SeededServer bench, int connections) => new(
            await bench.Book(connections, 2 * Scenarios.Seconds), await bench.GoOnBooking(Peak, Recovery));
    }

    static void Tell(Report report, string scenario, Latencies answers, string target)
    {
        report.Add(scenario, "p50 ms", [answers.P50]);
        report.Add(scenario, "p99 ms", [answers.P99], target);
        report.Add(scenario, "longest ms", [answers.Longest]);
        report.Add(scenario, "errors", [answers.Errors], "0");
        report.Add(scenario, "answers", [answers.Count]);
    }
}
