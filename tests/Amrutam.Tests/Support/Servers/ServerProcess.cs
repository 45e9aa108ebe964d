using System.Diagnostics;
using System.Text;

namespace Amrutam.Tests.Support.Servers;

/// <summary>The real program in a process of its own, which a test may kill.</summary>
sealed class ServerProcess : IDisposable
{
    // Long, because the machine may be busy with other tests.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly Process _process;
    readonly Task<string> _output;
    readonly StringBuilder _errors = new();
    readonly Task _reading;

    ServerProcess(Process process, int port)
    {
        _process = process;
        (_output, _reading) = (process.StandardOutput.ReadToEndAsync(), ReadErrors(process.StandardError));
        Http = new() { BaseAddress = new($"http://127.0.0.1:{port}"), Timeout = Patience };
    }

    public HttpClient Http { get; }

    public int Pid => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <param name="port">The port; 0 picks a free one.</param>
    public static ServerProcess Start(string command, int port, params (string Name, string? Value)[] settings) =>
        Start([command], port, settings);

    /// <inheritdoc cref="Start(string, int, ValueTuple{string, string}[])"/>
    public static ServerProcess Start(string[] command, int port, params (string Name, string? Value)[] settings) =>
        Start(command, port, input: "", settings);

    /// <param name="input">The text that it reads from standard input.</param>
    public static ServerProcess Start(string[] command, int port, string input,
        params (string Name, string? Value)[] settings)
    {
        if (port == 0) port = Ports.Next();
        var start = new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, .. command])
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        (string Name, string? Value)[] all = [
            ("ASPNETCORE_URLS", $"http://127.0.0.1:{port}"), ("Management__Url", "http://127.0.0.1:0"),
            ("Demo__Enabled", "false"), ("ASPNETCORE_ENVIRONMENT", "Development"), ("DOTNET_TieredPGO", "0"),
            .. settings,
        ];
        foreach (var (name, value) in all)
            if (value is null) start.Environment.Remove(name);
            else start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        return new(process, port);
    }

    public async Task IsReady()
    {
        for (var watch = Stopwatch.StartNew(); !await Answers(); await Task.Delay(50))
        {
            if (_process.HasExited) Assert.Fail($"the server ended with {_process.ExitCode}: {await Said()}");
            watch.Elapsed.ShouldBeLessThan(Patience, "the server did not become ready");
        }
    }

    /// <summary>All that it wrote, when it has ended.</summary>
    public async Task<string> Said()
    {
        await _reading;
        return ErrorsSoFar + await _output;
    }

    public string ErrorsSoFar
    {
        get
        {
            lock (_errors) return _errors.ToString();
        }
    }

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
        Http.Dispose();
    }

    async Task ReadErrors(StreamReader errors)
    {
        var read = new char[4096];
        while (await errors.ReadAsync(read) is > 0 and var length)
            lock (_errors) _errors.Append(read, 0, length);
    }

    async Task<bool> Answers()
    {
        try
        {
            return (await Http.Get("/health/ready")).Status == 200;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
