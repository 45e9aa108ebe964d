using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Amrutam.EmbeddedPostgres;

/// <summary>Makes a private cluster: passwords, <c>initdb</c>, and a place that PostgreSQL's user can reach.</summary>
static class NewPostgresCluster
{
    const int PasswordLength = 64;
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Makes <c>cluster</c> and its passwords. Files that an interrupted start left behind are made
    /// again.</summary>
    public static async Task Create(PostgresOptions options,
        string directory, PostgresAccount account, PostgresBinaries binaries, bool durable, CancellationToken ct)
    {
        var passwords = new PostgresPasswords(Owner: NewPassword(), App: NewPassword());
        await WritePrivate(PostgresEndpoint.PasswordFile(directory), JsonSerializer.Serialize(passwords), ct);
        // The folder gets its final name when it is complete. So a later start never uses an incomplete cluster.
        var unfinished = Path.Combine(await Place(options, directory, account, ct), "cluster.unfinished");
        if (Directory.Exists(unfinished)) Directory.Delete(unfinished, recursive: true);
        CreatePrivate(unfinished);
        await account.Own(unfinished, ct);
        var passwordFile = unfinished + ".password";
        await WritePrivate(passwordFile, passwords.Owner, ct);
        await account.Own(passwordFile, ct);
        var made = await account.Run(binaries.InitDb,
            InitDbArguments(options, unfinished, passwordFile, binaries, durable), ct);
        File.Delete(passwordFile);
        if (!made.Succeeded)
            throw new EmbeddedPostgresException($"initdb failed in {unfinished}: {ProgramOutcome.Reason(made.Output)}");
        var finished = Path.Combine(Path.GetDirectoryName(unfinished)!, "cluster");
        Directory.Move(unfinished, finished);
        var wanted = Path.Combine(directory, "cluster");
        if (finished != wanted)
        {
            File.Delete(wanted);
            Directory.CreateSymbolicLink(wanted, finished);
        }
    }

    /// <summary>The folder for the cluster's files: the data directory, where the account can enter it.</summary>
    /// <remarks> No other user can reach a folder below one that only root may enter, such as /root. That folder is not
    /// opened. Instead the files go below the default directory under a name of their own, and the data directory links
    /// to them. </remarks>
    static async Task<string> Place(PostgresOptions options, string directory, PostgresAccount account,
        CancellationToken ct)
    {
        if (await account.CanEnter(directory, ct)) return directory;
        var elsewhere = Path.Combine(
            options.DefaultDirectory, "elsewhere", RandomNumberGenerator.GetHexString(16, lowercase: true));
        Directory.CreateDirectory(elsewhere);
        return await account.CanEnter(elsewhere, ct)
            ? elsewhere
            : throw new EmbeddedPostgresException(
                $"the user {account.User}, whom PostgreSQL runs as, can enter neither {directory} nor {elsewhere}: "
                + $"choose a {options.DirectorySetting} below folders that others may enter");
    }

    static string[] InitDbArguments(PostgresOptions options, string files, string passwordFile,
        PostgresBinaries binaries, bool durable) =>
    [
        "-D", files, "-U", options.OwnerRole, "--pwfile", passwordFile,
        "--encoding", "UTF8", "--data-checksums",
        "--auth-local", "scram-sha-256", "--auth-host", "scram-sha-256",
        .. Locale(binaries.Major),
        .. durable ? Array.Empty<string>() : ["--no-sync"],
    ];

    /// <summary>Text sorts by code point everywhere, so an upgrade of the operating system never breaks an
    /// index.</summary>
    static string[] Locale(int major) =>
        major >= 17 ? ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        : OperatingSystem.IsLinux() ? ["--locale=C.UTF-8"]
        : ["--locale=C"];

    /// <summary>Makes a folder that only its owner can enter, or accepts one that this user may change.</summary>
    public static void CreatePrivate(string folder)
    {
        Directory.CreateDirectory(folder);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder, OwnerOnly);
    }

    static async Task WritePrivate(string path, string text, CancellationToken ct)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        File.Delete(path);
        await using var file = new FileStream(path, options);
        await file.WriteAsync(Encoding.UTF8.GetBytes(text), ct);
        file.Flush(flushToDisk: true);
    }

    static string NewPassword() => RandomNumberGenerator.GetHexString(PasswordLength, lowercase: true);
}
