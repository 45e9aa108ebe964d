using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Npgsql;

namespace Amrutam.EmbeddedPostgres;

sealed record PostgresPasswords(string Owner, string App);

/// <summary>The address of a private cluster, and its passwords.</summary>
/// <remarks> The address is a socket in a folder that only PostgreSQL's user may enter, never a network port. On
/// Windows this driver has no such sockets, so the cluster gets a free port on the loopback address. The data directory
/// alone determines the address, so every process finds it. </remarks>
sealed record PostgresEndpoint(PostgresOptions Options, string Host, int Port, PostgresPasswords Passwords)
{
    // Linux allows 107 bytes and macOS 103; PostgreSQL appends "/.s.PGSQL.5432" to the folder.
    const int LongestSocketFolder = 103 - 14;
    const int SocketPort = 5432;

    public bool IsSocket => Path.IsPathRooted(Host);

    public static string PasswordFile(string directory) => Path.Combine(directory, "postgres-passwords.json");

    /// <param name="options">The host's names.</param>
    /// <param name="directory">The data directory.</param>
    /// <param name="knownPort">The port of a running server; null if none runs.</param>
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

    /// <summary>Opens connections outside every pool. Metrics show the name instead of the connection string.</summary>
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
        // TMPDIR may be long too, and may differ between the server and a command beside it. Root does not use /tmp
        // either: any user could swap the folder for a link while root changes its mode.
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(directory)))[..16];
        return Environment.IsPrivilegedProcess
            ? Path.Combine(options.DefaultDirectory, "sockets", hash)
            : $"/tmp/{options.Name}-{hash}";
    }

    // A comma or a quote has another meaning in the settings and in a connection string.
    static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-';

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
