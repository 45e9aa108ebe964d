using System.Diagnostics;
using System.Globalization;
using Amrutam.Bench.Faults.Databases;

namespace Amrutam.Bench.Faults;

/// <summary>Restarts both servers behind HAProxy, one after the other, while patients book through it.</summary>
static class RollingRun
{
    const int Entry = 5170, State = 5171, DatabasePort = 5190, Servers = 2;

    // The promise: at most twice the quiet time for one request in a hundred.
    const double Slower = 2;

    static readonly TimeSpan Quiet = TimeSpan.FromSeconds(15), Patience = TimeSpan.FromSeconds(30);

    public static async Task<List<string>> Run(FaultOptions options)
    {
        var folder = RunFaults.NewFolder(options);
        List<string> violations;
        await using (var pair = await PrimaryAndStandby.Start(folder, DatabasePort))
        {
            var entry = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Entry}"));
            await using var run = await FaultRun.Begin(pair.Connection, folder, options, entry);
            using var balancer = await Balance(run, folder);
            await AwaitBoth();
            await run.Book();
            P99(run);
            await Task.Delay(Quiet);
            var quiet = P99(run);
            for (var round = 0; round < options.Rounds; round++)
                foreach (var server in run.Replicas)
                    await run.Measure("a server restarted", async () =>
                    {
                        await server.Stop();
                        await server.Start();
                        await AwaitBoth();
                    }, TimeSpan.FromSeconds(2));
            var rolling = P99(run);
            var refused = run.Patients.Tries.Where(tries => tries.Key is 0 or >= 500).Sum(tries => tries.Value);
            violations = await run.Judgement();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"p99 quiet {quiet:0.0} ms, while restarting "
                + $"{rolling:0.0} ms; {refused} tries failed and were sent again"));
            if (rolling > Slower * quiet)
                violations.Add(string.Create(CultureInfo.InvariantCulture,
                    $"p99 while restarting is {rolling / quiet:0.0} times the quiet one"));
            await Signals.Send("TERM", [balancer.Id]);
        }
        if (violations.Count == 0) Directory.Delete(folder, recursive: true);
        return violations;
    }

    /// <summary>Starts HAProxy over the servers with the configuration of deploy/haproxy.</summary>
    static async Task<Process> Balance(FaultRun run, string folder)
    {
        var text = await File.ReadAllTextAsync(Path.Combine("deploy", "haproxy", "haproxy.cfg"));
        var file = Path.Combine(folder, "haproxy.cfg");
        await File.WriteAllTextAsync(file, text.Replace("127.0.0.1:8000", $"127.0.0.1:{Entry}")
            .Replace("127.0.0.1:8001", $"127.0.0.1:{State}")
            .Replace("server-1:8080", run.Replicas[0].Address.Authority)
            .Replace("server-2:8080", run.Replicas[1].Address.Authority));
        return Process.Start(new ProcessStartInfo("haproxy", ["-db", "-f", file]) { UseShellExecute = false })!;
    }

    /// <summary>Waits until HAProxy itself has noticed that both servers are ready.</summary>
    static async Task AwaitBoth()
    {
        using var http = new HttpClient();
        for (var began = Stopwatch.GetTimestamp(); await Up(http) < Servers; await Task.Delay(50))
            if (Stopwatch.GetElapsedTime(began) > Patience) throw new FaultException("HAProxy reports a server down.");
    }

    static async Task<int> Up(HttpClient http)
    {
        try
        {
            var state = await http.GetStringAsync(new Uri($"http://127.0.0.1:{State}/;csv"));
            return state.Split('\n').Count(line => line.StartsWith("servers,", StringComparison.Ordinal)
                && !line.StartsWith("servers,BACKEND", StringComparison.Ordinal)
                && line.Contains(",UP,", StringComparison.Ordinal));
        }
        catch (HttpRequestException)
        {
            // It has just been started.
            return 0;
        }
    }

    /// <summary>The 99th of a hundred durations since the last call, in milliseconds.</summary>
    static double P99(FaultRun run)
    {
        var all = new List<double>();
        while (run.Patients.Durations.TryDequeue(out var duration)) all.Add(duration.Milliseconds);
        all.Sort();
        return all[(int)(all.Count * 0.99)];
    }
}
