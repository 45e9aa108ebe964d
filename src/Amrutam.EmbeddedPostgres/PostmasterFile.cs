using System.Diagnostics;
using System.Globalization;

namespace Amrutam.EmbeddedPostgres;

/// <summary>What <c>postmaster.pid</c> says about the server process of a cluster.</summary>
/// <remarks>
/// A <c>kill -9</c> leaves the file behind, and its number may by now belong to any other program. PostgreSQL itself
/// then refuses to start, so it is decided here whether the process named is this cluster's.
/// </remarks>
sealed record PostmasterFile(string Path, int Pid, int Port, string Text)
{
    // Above the highest process number of any kernel, so PostgreSQL sees at once that nobody has it.
    const int NobodysPid = int.MaxValue - 1;
    const int PortLine = 3;

    /// <summary>The cluster's file; null when there is none, or none that this user may read.</summary>
    /// <exception cref="IOException">
    /// It may be there and could not be read, as when no more files may be open: no sign that PostgreSQL has ended.
    /// </exception>
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

    /// <summary>Whether the process is alive and is this cluster's server.</summary>
    /// <remarks>
    /// PostgreSQL works in its cluster's folder. So on Linux the process is the right one when it works in a folder
    /// that holds this very file; a program that inherited the number does not, nor does one that ended unreaped.
    /// In a container root may not look there, and then the command line has to do.
    /// </remarks>
    /// <exception cref="IOException">It could not be seen, which is no sign that it has ended.</exception>
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

    /// <summary>Says in the file that its process is gone, when its number now belongs to another program.</summary>
    /// <remarks>
    /// The file is not deleted: its other lines let PostgreSQL find orphans of the dead server that still write to its
    /// shared memory. Starting beside them would destroy the cluster.
    /// </remarks>
    public void Disown() =>
        File.WriteAllText(Path, $"{NobodysPid}{Text[Text.IndexOf('\n', StringComparison.Ordinal)..]}");

    /// <summary>Process, folder and time of start; the lines after them change while the server starts.</summary>
    static string Identity(string text) => string.Join('\n', text.Split('\n').Take(PortLine));

    bool NamesCluster(string commandLine) =>
        commandLine.Contains(System.IO.Path.GetDirectoryName(Path)!, StringComparison.Ordinal);

    static int? Number(string? line) =>
        int.TryParse(line, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null;
}
