using System.ComponentModel;
using System.Diagnostics;

namespace Amrutam.EmbeddedPostgres;

/// <summary>The result of a program: its exit code and its whole output.</summary>
sealed record ProgramOutcome(int ExitCode, string Output)
{
    public bool Succeeded => ExitCode == 0;

    /// <summary>The one line of PostgreSQL's output that gives the reason of the failure.</summary>
    public static string Reason(string said)
    {
        const StringSplitOptions Tidy = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        var lines = said.Split('\n', Tidy);
        return lines.FirstOrDefault(line => line.Contains("FATAL:", StringComparison.Ordinal))
            ?? lines.FirstOrDefault(line => line.Contains("error:", StringComparison.Ordinal))
            ?? lines.LastOrDefault()
            ?? "it gave no reason";
    }
}

/// <summary>The operating system's user that PostgreSQL's programs run as.</summary>
/// <remarks> PostgreSQL refuses to run as root, and servers in containers often run as root. Then its programs run as
/// the user <c>postgres</c>, or as <c>nobody</c> where there is no <c>postgres</c>. Otherwise they run as the user who
/// started the server. </remarks>
sealed class PostgresAccount
{
    const int ProgramNotFound = 127;

    /// <summary>The user who started this process.</summary>
    public static readonly PostgresAccount ThisProcess = new(null, "", []);

    static readonly string[] PreferredUsers = ["postgres", "nobody"];

    readonly string[] _launcher;
    readonly string _group;

    PostgresAccount(string? user, string group, string[] launcher) =>
        (User, _group, _launcher) = (user, group, launcher);

    /// <summary>The other user's name; null when PostgreSQL runs as the user of this process.</summary>
    public string? User { get; }

    public static async Task<PostgresAccount> Choose(PostgresOptions options, CancellationToken ct)
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess) return ThisProcess;
        foreach (var user in PreferredUsers)
        {
            var uid = await ThisProcess.Run("id", ["-u", user], ct);
            var gid = await ThisProcess.Run("id", ["-g", user], ct);
            if (!uid.Succeeded || !gid.Succeeded) continue;
            foreach (var way in Launchers(user, uid.Output.Trim(), gid.Output.Trim()))
            {
                var account = new PostgresAccount(user, gid.Output.Trim(), way);
                if ((await account.Run("/bin/sh", ["-c", "exit 0"], ct)).Succeeded) return account;
            }
        }
        throw new EmbeddedPostgresException(
            "PostgreSQL refuses to run as root, and root cannot run it as the user postgres or nobody: "
            + $"start as an ordinary user, or set {options.ConnectionSetting}");
    }

    /// <summary>Runs a program as this account and waits for it.</summary>
    /// <remarks>Variables such as PGPORT belong to the user's own clusters, so the program does not get them.</remarks>
    public async Task<ProgramOutcome> Run(string program, IEnumerable<string> arguments, CancellationToken ct)
    {
        string[] line = [.. _launcher, program, .. arguments];
        var start = new ProcessStartInfo(line[0], line[1..])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = OperatingSystem.IsWindows() ? "" : "/",
        };
        var foreign = start.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal)).ToArray();
        foreach (var name in foreign) start.Environment.Remove(name);
        start.Environment["LC_ALL"] = "C";
        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var said = process.StandardOutput.ReadToEndAsync(ct);
            var complained = process.StandardError.ReadToEndAsync(ct);
            await process.WaitForExitAsync(ct);
            return new ProgramOutcome(process.ExitCode, await said + await complained);
        }
        catch (Win32Exception notFound)
        {
            return new ProgramOutcome(ProgramNotFound, notFound.Message);
        }
    }

    /// <summary>Gives a file or folder to this account. For a symbolic link, it gives the link and not its
    /// target.</summary>
    public async Task Own(string path, CancellationToken ct)
    {
        if (User is null) return;
        // Only root may change a file's owner, so the launcher does not run this.
        var outcome = await ThisProcess.Run("chown", ["-h", User, path], ct);
        if (!outcome.Succeeded)
            throw new EmbeddedPostgresException($"{path} cannot be given to the user {User}: {outcome.Output.Trim()}");
    }

    /// <summary>Closes a folder of root's to everybody but this account's group, which passes through it and cannot
    /// list it.</summary>
    public async Task LetThrough(string folder, CancellationToken ct)
    {
        if (User is null || OperatingSystem.IsWindows()) return;
        var given = await ThisProcess.Run("chgrp", [_group, folder], ct);
        File.SetUnixFileMode(folder, NewPostgresCluster.OwnerOnly
            | (given.Succeeded ? UnixFileMode.GroupExecute : UnixFileMode.OtherExecute));
    }

    public async Task<bool> CanEnter(string folder, CancellationToken ct) =>
        User is null || (await Run("/bin/sh", ["-c", "cd \"$1\"", "sh", folder], ct)).Succeeded;

    static IEnumerable<string[]> Launchers(string user, string uid, string gid) =>
    [
        ["setpriv", "--reuid", uid, "--regid", gid, "--clear-groups"],
        ["runuser", "-u", user, "--"],
        ["su", "-s", "/bin/sh", "-c", "exec \"$0\" \"$@\"", "--", user],
    ];
}
