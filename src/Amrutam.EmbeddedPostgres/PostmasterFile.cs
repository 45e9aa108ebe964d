using System.Diagnostics;
using System.Globalization;

namespace Amrutam.EmbeddedPostgres;

/// <summary>The content of <c>postmaster.pid</c>: the server process of a cluster.</summary>
/// <remarks> A <c>kill -9</c> leaves the file behind, and another program may later get the same process number.
/// PostgreSQL itself then refuses to start. So this class checks that the process belongs to this cluster. </remarks>
sealed record PostmasterFile(string Path, int Pid, int Port, string Text)
{
    // It is above the highest process number of any kernel, so PostgreSQL sees that no process has it.
    const int NobodysPid = int.MaxValue - 1;
    const int PortLine = 3;

    /// <summary>The cluster's file; null if there is none, or none that this user may read.</summary>
    /// <exception cref="IOException"> The file may exist but could not be read, for example because no more files may
    /// be open. That does not show that PostgreSQL has ended. </exception>
    public static PostmasterFile? Read(string cluster)
    {
        var path = System.IO.Path.Combine(cluster, "postmaster.pid");
        try
        {
            var text = File.ReadAllText(path);
            var lines = text.Split('\n');
            return Number(lines[0]) is { } pid
                ? new PostmasterFile(path, pid, Number(lines.ElementAtOrDefault(PortLine)) ?? 0, text)
                : null;
        }
        catch (Exception none)
            when (none is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>True if the process is alive and is this cluster's server.</summary>
    /// <remarks> PostgreSQL works in its cluster's folder. So on Linux the process is the right one if it works in a
    /// folder that contains this very file. A program that got the same number later does not, and neither does an
    /// ended process that was not yet reaped. In a container root may not read the folder, and then the command line
    /// decides. </remarks>
    /// <exception cref="IOException">The process could not be observed. That does not show that it has
    /// ended.</exception>
    public async Task<bool> IsAlive(CancellationToken ct)
    {
        if (OperatingSystem.IsWindows())
            return Process.GetProcesses().Any(each => each.Id == Pid && each.ProcessName == "postgres");
        if (!OperatingSystem.IsLinux())
        {
            string[] question = ["-o", "command=", "-p", Pid.ToString(CultureInfo.InvariantCulture)];
            return NamesCluster((await PostgresAccount.ThisProcess.Run("ps", question, ct)).Output);
        }
        try
        {
            return Identity(await File.ReadAllTextAsync($"/proc/{Pid}/cwd/postmaster.pid", ct)) == Identity(Text);
        }
        catch (UnauthorizedAccessException)
        {
            return NamesCluster(await File.ReadAllTextAsync($"/proc/{Pid}/cmdline", ct));
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Writes into the file that its process is gone, when another program now has its number.</summary>
    /// <remarks> The file is not deleted. Its other lines let PostgreSQL find orphans of the dead server that still
    /// write to its shared memory. A start beside such orphans would destroy the cluster. </remarks>
    public void Disown() =>
        File.WriteAllText(Path, $"{NobodysPid}{Text[Text.IndexOf('\n', StringComparison.Ordinal)..]}");

    /// <summary>The process, the folder and the time of start. The lines after them change while the server
    /// starts.</summary>
    static string Identity(string text) => string.Join('\n', text.Split('\n').Take(PortLine));

    bool NamesCluster(string commandLine) =>
        commandLine.Contains(System.IO.Path.GetDirectoryName(Path)!, StringComparison.Ordinal);

    static int? Number(string? line) =>
        int.TryParse(line, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null;
}
