using Amrutam.Bench.Faults.Databases;

namespace Amrutam.Bench.Faults;

/// <summary>Faults of the servers, of a primary with its synchronous standby, and of the network between.</summary>
sealed class PairRun(FaultRun run, PrimaryAndStandby pair, FaultOptions options)
{
    const int FirstPort = 5190;

    // Longer than the servers wait for a statement, so that a server that cancels then has cancelled.
    static readonly TimeSpan Stall = TimeSpan.FromSeconds(20);

    static readonly TimeSpan Cut = TimeSpan.FromSeconds(3), Slow = TimeSpan.FromSeconds(5),
        Delay = TimeSpan.FromMilliseconds(100), Soon = TimeSpan.FromSeconds(2), Ahead = TimeSpan.FromMinutes(5);

    readonly Random _random = new(options.Seed);

    public static async Task<List<string>> Run(FaultOptions options)
    {
        var folder = RunFaults.NewFolder(options);
        List<string> violations;
        await using (var pair = await PrimaryAndStandby.Start(folder, FirstPort))
        await using (var run = await FaultRun.Begin(pair.Connection, folder, options))
        {
            await run.Book();
            await new PairRun(run, pair, options).Rounds();
            violations = await run.Judgement();
        }
        if (violations.Count == 0) Directory.Delete(folder, recursive: true);
        else Console.WriteLine("The logs and ledgers are in " + folder);
        return violations;
    }

    async Task Rounds()
    {
        for (var round = 0; round < options.Rounds; round++)
        {
            var faults = Enumerable.Repeat(KillServer, options.Kills).Append(KillBoth).Append(Trespass).Append(Other())
                .ToArray();
            // Every second round, because a stall lasts longest.
            if (round % 2 == 0) faults = [.. faults, StallThenKill];
            _random.Shuffle(faults);
            foreach (var fault in faults)
            {
                await fault();
                // Each fault meets servers that work again.
                await run.Patients.Acknowledged.Await(20, TimeSpan.FromMinutes(2));
            }
        }
    }

    ServerReplica AnyServer() => run.Replicas[_random.Next(run.Replicas.Length)];

    Func<Task> Other()
    {
        Func<Task>[] all =
            [CutNetwork, DelayNetwork, ExhaustPools, SlowDatabase, StallStandby, SetClock, FillDisk];
        return all[_random.Next(all.Length)];
    }

    Task KillServer()
    {
        var server = AnyServer();
        return run.Measure("a server killed", async () =>
        {
            await server.Kill();
            await server.Start();
        }, Soon);
    }

    /// <summary>The constraints alone decide about the bookings of another program.</summary>
    async Task Trespass() => Console.WriteLine(
        $"{await pair.Trespass()} bookings of another program were taken against the constraints");

    /// <summary>Kills the primary and a server at once.</summary>
    Task KillBoth()
    {
        var server = AnyServer();
        return run.Measure("the primary and a server killed", async () =>
        {
            await Task.WhenAll(pair.KillPrimary(), server.Kill());
            await Task.WhenAll(pair.FailOver(), server.Start());
        }, Soon);
    }

    /// <summary>Nothing reaches the standby for a while. Then the primary is lost.</summary>
    Task StallThenKill() => run.Measure("the standby stalled, then the primary killed", async () =>
    {
        pair.HoldReplication();
        await Task.Delay(Stall);
        await pair.KillPrimary();
        await pair.FailOver();
    }, Stall);

    Task StallStandby() => run.Measure("the standby stalled", async () =>
    {
        await pair.StallStandby();
        await Task.Delay(Slow);
        await pair.ResumeStandby();
    }, Slow + Soon);

    Task CutNetwork() => run.Measure("the network cut", async () =>
    {
        pair.Network.Cut();
        await Task.Delay(Cut);
        pair.Network.Mend();
    }, Cut + Soon);

    Task DelayNetwork() => run.Measure("the network slow", async () =>
    {
        pair.Network.Delay = Delay;
        await Task.Delay(Slow);
        pair.Network.Delay = TimeSpan.Zero;
    }, Slow);

    Task ExhaustPools() => run.Measure("every connection waits for a lock", () => pair.Lock(Slow), Slow + Soon);

    /// <summary>PostgreSQL's processes run for a tenth of the time.</summary>
    Task SlowDatabase() => run.Measure("the database slow", async () =>
    {
        for (var began = TimeProvider.System.GetTimestamp(); TimeProvider.System.GetElapsedTime(began) < Slow;)
        {
            await pair.Primary.SignalConnections("STOP");
            await Task.Delay(TimeSpan.FromMilliseconds(180));
            await pair.Primary.SignalConnections("CONT");
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }
    }, Slow);

    /// <summary>The primary's disk is full. Where no disk can be mounted, the network is slow instead.</summary>
    Task FillDisk() => pair.Primary.Disk is not { } disk ? DelayNetwork()
        : run.Measure("the primary's disk full", async () =>
        {
            await disk.Fill();
            await Task.Delay(Slow);
            disk.Free();
            // PostgreSQL ends itself if it cannot write its log.
            await pair.Primary.StartIfDown();
        }, Slow + Soon);

    /// <summary>A server whose clock is ahead. Without the program faketime the machine's clock stays.</summary>
    Task SetClock()
    {
        if (!File.Exists("/usr/bin/faketime")) return DelayNetwork();
        var server = AnyServer();
        return run.Measure("a server with a clock that is ahead", async () =>
        {
            await server.Kill();
            await server.Start(Ahead);
            await Task.Delay(Slow);
            await server.Kill();
            await server.Start();
        }, Slow);
    }
}
