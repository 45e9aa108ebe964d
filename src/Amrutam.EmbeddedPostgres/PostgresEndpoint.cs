using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Npgsql;

namespace Amrutam.EmbeddedPostgres;

sealed record PostgresPasswords(string Owner, string App);

/// <summary>Where a private cluster is reached, and by which passwords.</summary>
/// <remarks>
/// A socket in a folder that only PostgreSQL's user may enter, never a network port; Windows, which has no such sockets
/// for this driver, gets a free port on the loopback address. It follows from the data directory alone, so that every
/// process finds it.
/// </remarks>
sealed record PostgresEndpoint(PostgresOptions Options, string Host, int Port, PostgresPasswords Passwords)
{
    // Linux allows 107 bytes and macOS 103; PostgreSQL appends "/.s.PGSQL.5432" to the folder.
    const int LongestSocketFolder = 103 - 14;
    const int SocketPort = 5432;

    public bool IsSocket => Path.IsPathRooted(Host);

    public static string PasswordFile(string directory) => Path.Combine(directory, "postgres-passwords.json");

    /// <param name="options">The host's names.</param>
    /// <param name="directory">The data directory.</param>
    /// <param name="knownPort">The port that a running server listens on, where it listens on one.</param>
    public static PostgresEndpoint Of(PostgresOptions options, string directory, int? knownPort)
    {
        var passwords = JsonSerializer.Deserialize<PostgresPasswords>(File.ReadAllText(PasswordFile(directory)))!;
        return OperatingSystem.IsWindows()
            ? new PostgresEndpoint(options, IPAddress.Loopback.ToString(), knownPort ?? FreePort(), passwords)
            : new PostgresEndpoint(options, SocketFolder(options, directory), SocketPort, passwords);
    }

    public string ConnectionString(string role, string database, bool pooling = false) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = Host,
            Port = Port,
            Username = role,
            Password = role == Options.OwnerRole ? Passwords.Owner : Passwords.App,
            Database = database,
            Pooling = pooling,
        }.ConnectionString;

    /// <summary>Opens connections outside every pool. The name keeps the connection string out of metrics.</summary>
    public static NpgsqlDataSource OpenUnpooled(string connectionString, string name)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString) { Name = name };
        builder.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
        return builder.Build();
    }

    /// <summary>Inside the data directory, where PostgreSQL can enter it and the path is short and plain.</summary>
    static string SocketFolder(PostgresOptions options, string directory)
    {
        var inside = Path.Combine(directory, "socket");
        var livesElsewhere = new DirectoryInfo(Path.Combine(directory, "cluster")).LinkTarget is not null;
        if (!livesElsewhere && Encoding.UTF8.GetByteCount(inside) <= LongestSocketFolder && inside.All(IsPlain))
            return inside;
        // Not TMPDIR, which may be long too, and may differ between the server and a command beside it. For root not
        // /tmp either, where any user could swap the folder for a link while root changes its mode.
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(directory)))[..16];
        return Environment.IsPrivilegedProcess
            ? Path.Combine(options.DefaultDirectory, "sockets", hash)
            : $"/tmp/{options.Name}-{hash}";
    }

    // A comma or a quote means something else in the settings and in a connection string.
    static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-';

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
