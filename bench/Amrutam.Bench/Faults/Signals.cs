using System.Diagnostics;
using System.Globalization;

namespace Amrutam.Bench.Faults;

/// <summary>Signals to processes that this run started.</summary>
static class Signals
{
    public static async Task Send(string signal, IEnumerable<int> processes)
    {
        // A process that has ended meanwhile is no failure.
        using var kill = Process.Start("sh", ["-c", "kill -\"$@\" 2>/dev/null || true", "sh", signal,
            .. processes.Select(pid => pid.ToString(CultureInfo.InvariantCulture))]);
        await kill.WaitForExitAsync();
    }

    public static IEnumerable<int> ChildrenOf(int parent) =>
        from folder in Directory.EnumerateDirectories("/proc")
        where int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out _) && ParentOf(folder) == parent
        select int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture);

    static int ParentOf(string folder)
    {
        try
        {
            var fields = File.ReadAllText(Path.Combine(folder, "stat")).Split(") ")[^1].Split(' ');
            return int.Parse(fields[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
