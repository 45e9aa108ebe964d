using System.Diagnostics;

namespace Amrutam.Bench.Faults;

/// <summary>Faults of a database that Patroni runs: the loss of its primary, a switchover, the loss of etcd.</summary>
static class PatroniRun
{
    static readonly TimeSpan Watch = TimeSpan.FromSeconds(20), EtcdAway = TimeSpan.FromSeconds(30),
        LossBound = TimeSpan.FromSeconds(30), SwitchoverBound = TimeSpan.FromSeconds(15);

    public static async Task<List<string>> Run(FaultOptions options)
    {
        var folder = RunFaults.NewFolder(options);
        List<string> violations;
        await using (var cluster = await PatroniCluster.Start(Path.Combine(folder, "patroni")))
        {
            await using var run = await FaultRun.Begin(await cluster.Do("connection"), folder, options);
            await run.Book();
            for (var round = 0; round < options.Rounds; round++) await Round(run, cluster);
            violations = await run.Judgement();
        }
        if (violations.Count == 0) Directory.Delete(folder, recursive: true);
        else Console.WriteLine("The logs and ledgers are in " + folder);
        return violations;
    }

    static async Task Round(FaultRun run, PatroniCluster cluster)
    {
        var lost = await cluster.Do("primary");
        await run.Measure("the primary lost", () => cluster.Do("kill", lost), Watch, LossBound);
        await cluster.Do("start-node", lost);
        await cluster.Do("await-standby");
        await run.Measure("a switchover", () => cluster.Do("switchover"), Watch, SwitchoverBound);
        await cluster.Do("await-standby");
        await run.Measure("etcd lost", async () =>
        {
            await cluster.Do("stop-etcd");
            await Task.Delay(EtcdAway);
            await cluster.Do("start-etcd");
        }, EtcdAway, LossBound);
        await cluster.Do("await-standby");
    }
}

/// <summary>The cluster of deploy/patroni on this machine.</summary>
sealed class PatroniCluster : IAsyncDisposable
{
    const int FirstPort = 15600;

    readonly string _folder;

    PatroniCluster(string folder) => _folder = folder;

    public static async Task<PatroniCluster> Start(string folder)
    {
        var cluster = new PatroniCluster(folder);
        await cluster.Do("start");
        return cluster;
    }

    /// <summary>Runs a command of the script.</summary>
    /// <returns>Its output.</returns>
    public async Task<string> Do(params string[] command)
    {
        var start = new ProcessStartInfo(Path.Combine("deploy", "patroni", "cluster"), command)
        {
            UseShellExecute = false, RedirectStandardOutput = true,
        };
        start.Environment["AMRUTAM_PATRONI_FOLDER"] = _folder;
        start.Environment["AMRUTAM_PATRONI_PORT"] = $"{FirstPort}";
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output.Trim()
            : throw new FaultException($"deploy/patroni/cluster {string.Join(' ', command)} failed.");
    }

    public async ValueTask DisposeAsync() => await Do("delete");
}
