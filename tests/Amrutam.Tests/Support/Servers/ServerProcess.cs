using System.Diagnostics;

namespace Amrutam.Tests.Support.Servers;

/// <summary>The real program in a process of its own, which a test may kill.</summary>
sealed class ServerProcess : IDisposable
{
    // Long, because the machine may be busy with other tests.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly Process _process;
    readonly Task<string> _output, _errors;
    readonly HttpClient _http;

    ServerProcess(Process process, int port)
    {
        _process = process;
        (_output, _errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        _http = new() { BaseAddress = new($"http://127.0.0.1:{port}"), Timeout = Patience };
    }

    public int Pid => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <param name="port">The port; 0 picks a free one.</param>
    public static ServerProcess Start(string command, int port, params (string Name, string Value)[] settings) =>
        Start([command], port, settings);

    /// <inheritdoc cref="Start(string, int, ValueTuple{string, string}[])"/>
    public static ServerProcess Start(string[] command, int port, params (string Name, string Value)[] settings)
    {
        if (port == 0) port = Ports.Next();
        var start = new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, .. command])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        (string Name, string Value)[] all = [
            ("ASPNETCORE_URLS", $"http://127.0.0.1:{port}"), ("Management__Url", "http://127.0.0.1:0"),
            ("Demo__Enabled", "false"), ("ASPNETCORE_ENVIRONMENT", "Development"), ("DOTNET_TieredPGO", "0"),
            .. settings,
        ];
        foreach (var (name, value) in all) start.Environment[name] = value;
        return new(Process.Start(start)!, port);
    }

    public async Task IsReady()
    {
        for (var watch = Stopwatch.StartNew(); !await Answers(); await Task.Delay(50))
        {
            if (_process.HasExited) Assert.Fail($"the server ended with {_process.ExitCode}: {await Said()}");
            watch.Elapsed.ShouldBeLessThan(Patience, "the server did not become ready");
        }
    }

    public async Task<string> Said() => await _errors + await _output;

    public Task Ended() => _process.WaitForExitAsync().WaitAsync(Patience);

    public async Task Kill()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async Task Stop()
    {
        using var signal = Process.Start("sh", ["-c", $"kill -TERM {_process.Id}"]);
        await _process.WaitForExitAsync().WaitAsync(Patience);
    }

    public void Dispose()
    {
        _process.Dispose();
        _http.Dispose();
    }

    async Task<bool> Answers()
    {
        try
        {
            return (await _http.Get("/health/ready")).Status == 200;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
