using System.Globalization;
using System.Text;

namespace Amrutam.Bench;

/// <summary>The table that a run prints and writes: a row per figure, its median over the rounds, and its
/// spread.</summary>
sealed class Report
{
    readonly List<(string Scenario, string Figure, double[] Rounds, string Target)> _rows = [];

    public void Add(string scenario, string figure, IEnumerable<double> rounds, string target = "")
    {
        double[] sorted = [.. rounds.Order()];
        _rows.Add((scenario, figure, sorted, target));
        Console.WriteLine(
            $"{scenario} | {figure} | {Number(Median(sorted))} ({Number(sorted[0])}–{Number(sorted[^1])}) | {target}");
    }

    public static double Median(double[] sorted) => sorted[sorted.Length / 2];

    public async Task Write(string file, string command)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"# Measured on {TimeProvider.System.GetUtcNow():yyyy-MM-dd}").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"Command: `{command}`. Machine: {Machine()}. The server, PostgreSQL and the load programs share it.");
        text.AppendLine(
            "Medians of the rounds, with the lowest and the highest; the two sides of a ratio ran in alternation.")
            .AppendLine();
        text.AppendLine("| scenario | figure | median | lowest–highest | target |")
            .AppendLine("|---|---|---:|---:|---|");
        foreach (var (scenario, figure, rounds, target) in _rows)
            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {scenario} | {figure} | {Number(Median(rounds))} | {Spread(rounds)} | {target} |");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, text.ToString());
    }

    static string Machine()
    {
        var model = File.ReadLines("/proc/cpuinfo")
            .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim();
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30;
        return $"{Environment.ProcessorCount} cores, {model}, {memory} GiB";
    }

    static string Spread(double[] rounds) => Number(rounds[0]) + "–" + Number(rounds[^1]);

    static string Number(double value) =>
        value.ToString(value switch { >= 100 => "N0", >= 10 => "N1", _ => "N2" }, CultureInfo.InvariantCulture);
}
