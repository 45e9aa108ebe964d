using System.Diagnostics;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Support.Observing;

/// <summary>A Prometheus that scrapes one server every second.</summary>
sealed class RunningPrometheus : IDisposable
{
    readonly Process _process;
    readonly string _folder;
    readonly HttpClient _http;

    RunningPrometheus(Process process, string folder, int port)
    {
        (_process, _folder) = (process, folder);
        _http = new() { BaseAddress = new($"http://127.0.0.1:{port}") };
    }

    public static async Task<RunningPrometheus> Start(int management, string rules)
    {
        var folder = Directory.CreateTempSubdirectory("amrutam-prometheus-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "rules.yml"), rules);
        await File.WriteAllTextAsync(Path.Combine(folder, "prometheus.yml"), $"""
            global: {"{"} scrape_interval: 1s, evaluation_interval: 1s {"}"}
            rule_files: [rules.yml]
            scrape_configs:
              - job_name: amrutam
                static_configs: [{"{"} targets: ["127.0.0.1:{management}"] {"}"}]
            """);
        var port = Ports.Next();
        var process = Process.Start(new ProcessStartInfo(Prometheus.Program("prometheus"), [
            "--config.file=" + Path.Combine(folder, "prometheus.yml"),
            "--storage.tsdb.path=" + Path.Combine(folder, "data"),
            $"--web.listen-address=127.0.0.1:{port}", "--log.level=error"])
        { UseShellExecute = false })!;
        return new(process, folder, port);
    }

    /// <summary>Waits until the query has a result, or has none.</summary>
    public async Task Until(string query, bool holds, TimeSpan patience)
    {
        for (var watch = Stopwatch.StartNew(); await Holds(query) != holds; await Task.Delay(200))
            watch.Elapsed.ShouldBeLessThan(patience, $"{query} {(holds ? "does not hold" : "holds")}");
    }

    async Task<bool?> Holds(string query)
    {
        try
        {
            var reply = await _http.Send(HttpMethod.Get,
                "/api/v1/query?query=" + Uri.EscapeDataString(query));
            return reply.Status == 200
                ? reply.Body.GetProperty("data").GetProperty("result").GetArrayLength() > 0 : null;
        }
        catch (HttpRequestException)
        {
            // It does not listen yet.
            return null;
        }
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
