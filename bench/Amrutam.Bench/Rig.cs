using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using Amrutam.Commands;
using Amrutam.EmbeddedPostgres;
using Amrutam.Platform.Data;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Amrutam.Bench;

/// <summary>The environment of a measurement: a durable PostgreSQL of its own, and the Release server in a process of
/// its own.</summary>
sealed class Rig : IAsyncDisposable
{
    const int FirstPort = 5099;

    static int _rigs;
    static readonly string KeyEncryptionKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    readonly string _directory;
    readonly PrivatePostgres _postgres;
    Process? _server;

    Rig(int number, string directory, PrivatePostgres postgres)
    {
        (_directory, _postgres) = (directory, postgres);
        Address = new($"http://127.0.0.1:{FirstPort + number}");
    }

    public string OwnerConnectionString => _postgres.OwnerConnectionString();
    public Uri Address { get; }
    public int ServerPid => _server!.Id;

    /// <summary>PostgreSQL's first process, whose children are its others.</summary>
    public int DatabasePid => int.Parse(
        File.ReadLines(Path.Combine(_directory, "cluster", "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    public static async Task<Rig> Start()
    {
        var number = _rigs++;
        var directory = Path.Combine(Path.GetTempPath(),
            string.Create(CultureInfo.InvariantCulture, $"amrutam-bench-{Environment.ProcessId}-{number}"));
        var postgres = await PrivatePostgres.Own(EmbeddedDatabase.Options,
            directory, NullLogger.Instance, CancellationToken.None, durable: true);
        await Migrator.Migrate(postgres.OwnerConnectionString(), Program.Modules, CancellationToken.None);
        return new(number, directory, postgres);
    }

    /// <returns>The time until the server was ready.</returns>
    public async Task<TimeSpan> StartServer()
    {
        // ./x bench names the published server. Without it, the server that was built beside this program runs.
        var server = Environment.GetEnvironmentVariable("BENCH_SERVER") ?? typeof(Program).Assembly.Location;
        var start = new ProcessStartInfo("dotnet", [server, "serve"]) { UseShellExecute = false };
        foreach (var (name, value) in new[]
        {
            ("ASPNETCORE_ENVIRONMENT", "Production"), ("ASPNETCORE_URLS", Address.ToString()),
                ("Management__Url", "http://127.0.0.1:0"),
            ("ConnectionStrings__Amrutam", _postgres.AppConnectionString()),
                ("ConnectionStrings__Owner", OwnerConnectionString),
            ("Identity__KeyEncryptionKey", KeyEncryptionKey), ("Logging__LogLevel__Default", "Warning"),
                ("Data__Directory", _directory + "-files"),
            ("Limits__OpenBookingsPerPatient", "0"), ("Limits__OpenBookingsPerPatientAndDoctor", "0"),
            ("Limits__ChangesPerAccount", "1000000"), ("Limits__ChangesPerAddress", "1000000"),
        }) start.Environment[name] = value;
        var watch = Stopwatch.StartNew();
        _server = Process.Start(start)!;
        using var http = new HttpClient { BaseAddress = Address };
        while (!await Ready(http)) await Task.Delay(20);
        return watch.Elapsed;
    }

    public async Task StopServer()
    {
        if (_server is null) return;
        _server.Kill();
        await _server.WaitForExitAsync();
        _server.Dispose();
        _server = null;
    }

    /// <summary>Tokens of <paramref name="count"/> of the patients, evenly spread over all of them, signed with the key
    /// that the server reads from the database.</summary>
    public async Task<string> WriteTokens(int patients, int count)
    {
        await using var tokens = await Tokens.Open(new(OwnerConnectionString, _postgres.AppConnectionString()),
            KeyEncryptionKey);
        var file = _directory + "-tokens";
        await File.WriteAllLinesAsync(file, Enumerable.Range(0, count).Select(n => tokens.Of(n * (patients / count))));
        return file;
    }

    public NpgsqlDataSource Owner() => NpgsqlDataSource.Create(OwnerConnectionString + ";Command Timeout=3600");

    static async Task<bool> Ready(HttpClient http)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri("/health/ready", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException)
        {
            // If a new connection is lost at once, the client opens a second one.
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopServer();
        NpgsqlConnection.ClearAllPools();
        await _postgres.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
        File.Delete(_directory + "-tokens");
    }
}

/// <summary>Ids that the load programs can compute from a number.</summary>
static class Ids
{
    public static Guid Slot(long n) => Guid.Parse($"00000000-0000-7000-8000-{n:x12}");
    public static Guid Patient(int n) => Guid.Parse($"20000000-0000-7000-8000-{n:x12}");
    public static Guid Session(int n) => Guid.Parse($"30000000-0000-7000-8000-{n:x12}");
    public static Guid Doctor(int n) => Guid.Parse($"40000000-0000-7000-8000-{n:x12}");
}
