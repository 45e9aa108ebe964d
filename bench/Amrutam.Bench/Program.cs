using Amrutam.Bench;

// ./x bench [SCENARIO...]; without one, all but growth, which seeds ten million slots.
string[] asked = args.Length > 0 ? args : ["bookings", "lone", "reads", "hot", "mix", "overload"];
if (asked.Except(Scenarios.All.Keys).FirstOrDefault() is { } unknown)
{
    var known = string.Join(", ", Scenarios.All.Keys);
    await Console.Error.WriteLineAsync($"There is no scenario {unknown}; there are {known}.");
    return 2;
}
var report = new Report();
foreach (var name in asked) await Scenarios.All[name](report);
// One scenario alone has a file of its own, so that it does not write over the others.
var file = Path.Combine("bench", "results", (asked is [var alone] ? alone : "latest") + ".md");
string[] settings = ["BENCH_ROUNDS", "BENCH_SECONDS", "BENCH_MINUTES", "BENCH_DOCTORS", "BENCH_EVENTS", "BENCH_SLOTS"];
var set = settings.Select(name => (Name: name, Value: Environment.GetEnvironmentVariable(name)))
    .Where(s => s.Value is { Length: > 0 }).Select(s => $"{s.Name}={s.Value} ");
await report.Write(file, string.Concat(set) + "./x bench " + string.Join(' ', asked));
Console.WriteLine("written to " + file);
return 0;
