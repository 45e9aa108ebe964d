using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Amrutam.Bench.Faults;

/// <summary>The settings and the program of all servers of a run.</summary>
/// <param name="Program">The path of Amrutam.dll.</param>
/// <param name="Connection">The owner's connection string. The server derives its own login.</param>
/// <param name="Key">The key-encryption key.</param>
/// <param name="Folder">The folder of logs, files and checkpoints.</param>
sealed record ServerProgram(string Program, string Connection, string Key, string Folder)
{
    /// <summary>Starts the program. Its output goes to a file.</summary>
    /// <param name="ahead">How far its clock is ahead; zero for the machine's own.</param>
    public Process Start(string[] command, int port, TimeSpan ahead = default)
    {
        string[] line = ["dotnet", Program, .. command];
        if (ahead != default) line = ["faketime", "-f", $"+{(int)ahead.TotalSeconds}s", .. line];
        var start = new ProcessStartInfo("sh", ["-c", "exec \"$@\" >>\"$LOG\" 2>&1", "sh", .. line])
        {
            UseShellExecute = false,
        };
        var address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");
        foreach (var (name, value) in new[]
        {
            ("LOG", Path.Combine(Folder, $"server-{port}.log")), ("ASPNETCORE_ENVIRONMENT", "Production"),
            ("ASPNETCORE_URLS", address), ("Management__Url", "http://127.0.0.1:0"),
            ("ConnectionStrings__Amrutam", Connection), ("Identity__KeyEncryptionKey", Key),
            ("Data__Directory", Path.Combine(Folder, "files")), ("Logging__LogLevel__Default", "Warning"),
            ("Audit__CheckpointFolder", Path.Combine(Folder, "checkpoints")), ("Http__DrainSeconds", "3"),
            ("Limits__OpenBookingsPerPatient", "0"), ("Limits__OpenBookingsPerPatientAndDoctor", "0"),
            ("Limits__ChangesPerAccount", "1000000"), ("Limits__ChangesPerAddress", "1000000"),
        }) start.Environment[name] = value;
        start.Environment.Remove("ConnectionStrings__Owner");
        return Process.Start(start)!;
    }
}

/// <summary>One server, which a run kills and starts again.</summary>
sealed class ServerReplica(ServerProgram program, int port) : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };
    Process? _process;

    public Uri Address { get; } = new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));

    /// <summary>Starts the server and waits until it is ready.</summary>
    public async Task Start(TimeSpan ahead = default)
    {
        _process = program.Start(["serve"], port, ahead);
        var began = Stopwatch.GetTimestamp();
        while (!await IsReady())
        {
            if (Stopwatch.GetElapsedTime(began) > Patience) throw new FaultException("A server did not become ready.");
            // A server whose database is away for too long ends. An operator's supervisor starts it again.
            if (_process.HasExited) _process = program.Start(["serve"], port, ahead);
            await Task.Delay(50);
        }
    }

    public Task Kill() => End("KILL");

    /// <summary>Ends the server as an operator does: not ready, then the open requests, then the end.</summary>
    public Task Stop() => End("TERM");

    public void Dispose()
    {
        if (_process is { HasExited: false }) _process.Kill(entireProcessTree: true);
        _process?.Dispose();
        _http.Dispose();
    }

    async Task End(string signal)
    {
        if (_process is null) return;
        // A program that sets the clock starts the server as its child.
        int[] all = [_process.Id, .. Signals.ChildrenOf(_process.Id)];
        await Signals.Send(signal, all);
        await _process.WaitForExitAsync();
        while (all.Any(pid => Directory.Exists("/proc/" + pid))) await Task.Delay(20);
        _process.Dispose();
        _process = null;
    }

    async Task<bool> IsReady()
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri(Address, "/health/ready"));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}
