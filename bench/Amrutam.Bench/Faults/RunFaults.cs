using System.CommandLine;

namespace Amrutam.Bench.Faults;

/// <summary>The options of a run.</summary>
/// <param name="Rounds">The number of rounds; each has several faults.</param>
/// <param name="Kills">The number of times that a server is killed in a round.</param>
/// <param name="Seed">Decides the order of the faults and the patients' wishes.</param>
/// <param name="Plant">The defect that the run must find; null for none.</param>
/// <param name="Folder">The folder below which the run makes its own; null for the system's.</param>
sealed record FaultOptions(int Rounds, int Kills, int Seed, string? Plant, string? Folder);

/// <summary><c>./x faults</c> puts faults into running servers and databases while patients book, and compares the
/// patients' ledgers with the database that survived.</summary>
static class RunFaults
{
    const int Sound = 0, HasViolations = 1, Failed = 2;

    public static async Task<int> Run(string[] args)
    {
        var rounds = new Option<int>("--rounds") { DefaultValueFactory = _ => 5 };
        var kills = new Option<int>("--kills") { DefaultValueFactory = _ => 3 };
        var seed = new Option<int>("--seed") { DefaultValueFactory = _ => Environment.TickCount & 0xFFFF };
        var plant = new Option<string?>("--plant") { Description = "A defect that the run must find" };
        plant.AcceptOnlyFromAmong(PlantedDefects.Constraint, PlantedDefects.Cancellation);
        var folder = new Option<string?>("--folder") { Description = "Where the run makes its own folder" };
        var patroni = new Option<bool>("--patroni") { Description = "Against etcd, Patroni and HAProxy" };
        var rolling = new Option<bool>("--rolling") { Description = "A rolling restart behind HAProxy" };
        var root = new RootCommand("Faults while patients book")
        {
            rounds, kills, seed, plant, folder, patroni, rolling,
        };
        root.SetAction(async (parsed, _) =>
        {
            var options = new FaultOptions(parsed.GetValue(rounds), parsed.GetValue(kills), parsed.GetValue(seed),
                parsed.GetValue(plant), parsed.GetValue(folder));
            Console.WriteLine($"rounds {options.Rounds}, kills {options.Kills}, seed {options.Seed}"
                + (options.Plant is null ? "" : $", with the planted defect {options.Plant}"));
            try
            {
                return Verdict(options, await (parsed.GetValue(patroni) ? PatroniRun.Run(options)
                    : parsed.GetValue(rolling) ? RollingRun.Run(options) : PairRun.Run(options)));
            }
            catch (FaultException e)
            {
                Console.WriteLine($"{e.Message} The run shows nothing; seed {options.Seed}");
                return Failed;
            }
        });
        return await root.Parse(args).InvokeAsync();
    }

    /// <summary>An empty folder of this run alone.</summary>
    public static string NewFolder(FaultOptions options)
    {
        var folder = Path.Combine(options.Folder ?? Path.GetTempPath(), "amrutam-faults-" + Environment.ProcessId);
        Directory.CreateDirectory(folder);
        return folder;
    }

    /// <summary>A run with a planted defect is right if it found a violation.</summary>
    static int Verdict(FaultOptions options, List<string> violations)
    {
        foreach (var violation in violations) Console.WriteLine("VIOLATION " + violation);
        Console.WriteLine($"{violations.Count} kinds of violations; seed {options.Seed}");
        if (options.Plant is null) return violations.Count == 0 ? Sound : HasViolations;
        Console.WriteLine(violations.Count > 0 ? $"The planted defect {options.Plant} was found."
            : $"The planted defect {options.Plant} was NOT found.");
        return violations.Count > 0 ? Sound : HasViolations;
    }
}
