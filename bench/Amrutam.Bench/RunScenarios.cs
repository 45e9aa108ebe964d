using Amrutam.Bench.Faults;

namespace Amrutam.Bench;

/// <summary><c>./x bench [SCENARIO...]</c> runs the named scenarios; without a name all but growth, which seeds ten
/// million slots. <c>faults</c> is a command of its own.</summary>
static class RunScenarios
{
    static async Task<int> Main(string[] args)
    {
        if (args is ["faults", .. var options]) return await RunFaults.Run(options);
        string[] asked = args.Length > 0 ? args : ["bookings", "lone", "reads", "hot", "mix", "overload"];
        if (asked.Except(Scenarios.All.Keys).FirstOrDefault() is { } unknown)
        {
            var known = string.Join(", ", Scenarios.All.Keys);
            await Console.Error.WriteLineAsync($"There is no scenario {unknown}; there are {known}.");
            return 2;
        }
        // One scenario alone has a file of its own, so that it does not write over the others.
        var file = Path.Combine("bench", "results", (asked is [var alone] ? alone : "latest") + ".md");
        string[] settings = ["BENCH_ROUNDS", "BENCH_SECONDS", "BENCH_MINUTES", "BENCH_DOCTORS", "BENCH_EVENTS",
            "BENCH_SLOTS"];
        var set = settings.Select(name => (Name: name, Value: Environment.GetEnvironmentVariable(name)))
            .Where(s => s.Value is { Length: > 0 }).Select(s => $"{s.Name}={s.Value} ");
        var report = new Report();
        // It is written after each scenario, so that a failure does not lose the results of the others.
        for (var n = 1; n <= asked.Length; n++)
        {
            await Scenarios.All[asked[n - 1]](report);
            await report.Write(file, string.Concat(set) + "./x bench " + string.Join(' ', asked.Take(n)));
        }
        Console.WriteLine("written to " + file);
        return 0;
    }
}
