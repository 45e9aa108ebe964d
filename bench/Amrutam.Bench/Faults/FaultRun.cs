using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Bench.Faults;

/// <summary>Two servers over one database, and the patients who book there meanwhile.</summary>
sealed class FaultRun : IAsyncDisposable
{
    const int FirstPort = 5180, Servers = 2;

    // The patients warm the servers up before the first fault.
    const int Warm = 200;

    // More slots than the patients ask for in that time, whatever the machine.
    const int FirstSlots = 60_000, SlotsPerRound = 10_000;

    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    readonly string _ledgers;
    readonly ServerProgram _program;
    readonly Tokens _tokens;
    readonly List<(string Fault, TimeSpan Gap, TimeSpan? Bound)> _gaps = [];
    readonly Dictionary<string, int> _counts = [];
    Task _booking = Task.CompletedTask;

    FaultRun(ServerProgram program, string ledgers, Tokens tokens, FaultOptions options, Uri? entry)
    {
        (_program, _ledgers, _tokens) = (program, ledgers, tokens);
        Replicas = [.. Enumerable.Range(0, Servers).Select(n => new ServerReplica(program, FirstPort + n))];
        Patients = new(entry is null ? [.. Replicas.Select(replica => replica.Address)] : [entry], tokens, ledgers,
            options.Seed, Slots(options));
    }

    public ServerReplica[] Replicas { get; }
    public Patients Patients { get; }

    /// <summary>Fills a new database, starts the servers and lets the patients begin.</summary>
    /// <param name="connection">The owner's connection string.</param>
    /// <param name="folder">An empty folder for everything that the run writes.</param>
    /// <param name="entry">The address that the patients use; null for those of the servers themselves.</param>
    public static async Task<FaultRun> Begin(string connection, string folder, FaultOptions options, Uri? entry = null)
    {
        var database = Database.Given(connection, owner: null);
        await Migrator.Migrate(database.Owner, Program.Modules, CancellationToken.None);
        database = await AppRoleLogin.Give(database, CancellationToken.None);
        await using (var owner = NpgsqlDataSource.Create(connection + ";Command Timeout=600"))
        {
            await Seed.Fill(owner, Patients.Doctors, Patients.Accounts, Slots(options));
            await Seed.Announce(owner);
        }
        if (options.Plant == PlantedDefects.Constraint) await PlantedDefects.DropConstraints(connection);
        var server = options.Plant == PlantedDefects.Cancellation ? PlantedDefects.WithDefaultCancellation(folder)
            : Environment.GetEnvironmentVariable("BENCH_SERVER") ?? typeof(Program).Assembly.Location;
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        foreach (var sub in (string[])["files", "checkpoints", "ledgers"])
            Directory.CreateDirectory(Path.Combine(folder, sub));
        var run = new FaultRun(new(server, connection, key, folder), Path.Combine(folder, "ledgers"),
            await Tokens.Open(database, key), options, entry);
        try
        {
            await Task.WhenAll(run.Replicas.Select(replica => replica.Start()));
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets the patients begin, and returns when the servers are warm.</summary>
    public async Task Book()
    {
        _booking = Patients.Run();
        await Patients.Acknowledged.Await(Warm, Patience);
    }

    /// <summary>Causes a fault and measures the longest time without an acknowledged booking.</summary>
    /// <param name="fault">The name of the fault.</param>
    /// <param name="cause">Causes it.</param>
    /// <param name="watch">How long to watch; longer if nothing is acknowledged until then.</param>
    /// <param name="bound">The longest time that may be; null if the fault has none.</param>
    public async Task Measure(string fault, Func<Task> cause, TimeSpan watch, TimeSpan? bound = null)
    {
        var began = Stopwatch.GetTimestamp();
        await cause();
        var left = watch - Stopwatch.GetElapsedTime(began);
        if (left > TimeSpan.Zero) await Task.Delay(left);
        await Patients.Acknowledged.Await(1, Patience);
        var gap = Patients.Acknowledged.LongestGap(began, Stopwatch.GetTimestamp());
        _gaps.Add((fault, gap, bound));
        _counts[fault] = _counts.GetValueOrDefault(fault) + 1;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{fault}: {gap.TotalSeconds:0.0} s without an acknowledged booking"));
    }

    /// <summary>Ends the booking and judges the run.</summary>
    /// <returns>The violations; none if all is right.</returns>
    public async Task<List<string>> Judgement()
    {
        Patients.Stop();
        await _booking;
        foreach (var replica in Replicas) await replica.Stop();
        Console.WriteLine("tries by status (0: the connection failed): " + string.Join(", ",
            Patients.Tries.OrderBy(tries => tries.Key).Select(tries => $"{tries.Key}: {tries.Value}")));
        foreach (var (fault, count) in _counts) WriteGaps(fault, count);
        var violations = await Judge.Violations(_program, _ledgers);
        violations.AddRange(_gaps.Where(g => g.Gap > g.Bound).Select(g => string.Create(CultureInfo.InvariantCulture,
            $"{g.Fault}: {g.Gap.TotalSeconds:0.0} s without an acknowledged booking, where "
            + $"{g.Bound!.Value.TotalSeconds} are allowed")));
        return violations;
    }

    public async ValueTask DisposeAsync()
    {
        Patients.Stop();
        await _booking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var replica in Replicas) replica.Dispose();
        Patients.Dispose();
        await _tokens.DisposeAsync();
    }

    static int Slots(FaultOptions options) => FirstSlots + options.Rounds * SlotsPerRound;

    void WriteGaps(string fault, int count)
    {
        double[] seconds = [.. _gaps.Where(g => g.Fault == fault).Select(g => g.Gap.TotalSeconds).Order()];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {fault} | {count} times | "
            + $"{Report.Median(seconds):0.0} s ({seconds[0]:0.0}–{seconds[^1]:0.0}) |"));
    }
}
