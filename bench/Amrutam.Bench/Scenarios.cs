using System.Diagnostics;
using System.Globalization;
using Amrutam.Platform;
using Npgsql;

namespace Amrutam.Bench;

/// <summary>The measurements, each against a database of its own; two sides of a ratio run in alternation.</summary>
static class Scenarios
{
    const int Doctors = 500, Patients = 20_000, Slots = 1_500_000;

    static readonly int Rounds = Setting("BENCH_ROUNDS", 5), Seconds = Setting("BENCH_SECONDS", 8);

    public static Dictionary<string, Func<Report, Task>> All { get; } = new(StringComparer.Ordinal)
    {
        ["bookings"] = Bookings, ["lone"] = Lone, ["reads"] = Reads, ["hot"] = HotSlot.Run, ["mix"] = OpenLoop.Mix,
        ["overload"] = OpenLoop.Overload, ["growth"] = Growth,
        ["availability"] = SlotsAhead.Run, ["seal"] = SealedEvents.Run,
    };

    /// <summary>Fewer and shorter rounds, to try the program itself.</summary>
    static int Setting(string name, int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var set) ? set : usual;

    static async Task Bookings(Report report)
    {
        await using var bench = await SeededServer.Start(Doctors, Patients, Slots);
        var (pg8, pg16, c32, c256, cpu) = (new List<double>(), new List<double>(), new List<double>(),
            new List<double>(), new List<double>());
        // Until the runtime has compiled the hot paths for good, which takes tens of thousands of requests.
        await bench.Book(256, 3 * Seconds);
        await bench.PgBench(8, 3);
        for (var round = 0; round < Rounds; round++)
        {
            pg8.Add((await bench.PgBench(8, Seconds)).PerSecond);
            c32.Add((await bench.Book(32, Seconds)).PerSecond);
            pg16.Add((await bench.PgBench(16, Seconds)).PerSecond);
            var before = Tools.Cpu(bench.Rig.ServerPid);
            var load = await bench.Book(256, Seconds);
            c256.Add(load.PerSecond);
            cpu.Add((Tools.Cpu(bench.Rig.ServerPid) - before) / (load.PerSecond * Seconds) * 1e6);
        }
        var best = pg8.Order().ElementAt(Rounds / 2) >= pg16.Order().ElementAt(Rounds / 2) ? pg8 : pg16;
        report.Add("pgbench, one prepared statement per booking", "bookings/s, 8 clients", pg8);
        report.Add("pgbench, one prepared statement per booking", "bookings/s, 16 clients", pg16);
        report.Add("bookings, 32 connections", "bookings/s", c32);
        report.Add("bookings, 32 connections", "÷ pgbench at its best", c32.Zip(best, (a, b) => a / b), "≥ 1.5");
        report.Add("bookings, 256 connections", "bookings/s", c256);
        report.Add("bookings, 256 connections", "÷ pgbench at its best", c256.Zip(best, (a, b) => a / b), "≥ 2.5");
        report.Add("bookings, 256 connections", "server CPU a booking, µs", cpu, "≤ 60");
        report.Add("memory at 256 connections", "MB", [bench.ServerMegabytes()], "≤ 200");
        await bench.ShouldHoldEveryBooking();
        await bench.Rig.StopServer();
        report.Add("start on an existing database", "s until ready", [(await bench.Rig.StartServer()).TotalSeconds],
            "≤ 2");
    }

    static async Task Lone(Report report)
    {
        await using var bench = await SeededServer.Start(Doctors, Patients, Slots / 5);
        var (pg, lone) = (new List<double>(), new List<double>());
        await bench.Book(32, Seconds);
        await bench.Book(1, 3);
        for (var round = 0; round < Rounds; round++)
        {
            pg.Add((await bench.PgBench(1, Seconds)).P50);
            lone.Add((await bench.Book(1, Seconds)).P50);
        }
        report.Add("lone booking, 1 connection", "p50 ms", lone);
        report.Add("pgbench, 1 client", "latency ms", pg);
        report.Add("lone booking, 1 connection", "÷ pgbench", lone.Zip(pg, (a, b) => a / b), "≤ 2.0");
    }

    static async Task Reads(Report report)
    {
        await using var bench = await SeededServer.Start(Doctors, Patients, Slots / 5);
        (string Name, string Path)[] pages = [("directory page", "/api/doctors?limit=20"),
            ("directory page of a field", "/api/doctors?specialization=Panchakarma"),
            ("doctor page", "/api/doctors/" + Ids.Doctor(7)),
                ("open slots", $"/api/doctors/{Ids.Doctor(7)}/slots?limit=20")];
        var health = new List<double>();
        var rates = pages.ToDictionary(p => p.Name, _ => new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            health.Add((await Tools.Wrk(new(bench.Rig.Address, "/health"), 32, Seconds / 2)).PerSecond);
            foreach (var (name, path) in pages) rates[name]
                .Add((await Tools.Wrk(new(bench.Rig.Address, path), 32, Seconds / 2)).PerSecond);
        }
        report.Add("/health", "requests/s", health);
        foreach (var (name, rate) in rates)
        {
            report.Add(name, "requests/s", rate);
            report.Add(name, "÷ /health", rate.Zip(health, (a, b) => a / b), "≥ 0.5");
        }
    }

    static async Task Growth(Report report)
    {
        var p50 = new Dictionary<int, double>();
        foreach (var slots in new[] { 100_000, 1_000_000, 10_000_000 })
        {
            var began = Stopwatch.GetTimestamp();
            await using var bench = await SeededServer.Start(Math.Min(10_000, slots / 100), Patients, slots);
            report.Add($"{slots:N0} slots", "s to seed", [Stopwatch.GetElapsedTime(began).TotalSeconds]);
            await bench.Book(32, 3);
            var loads = new List<Load>();
            for (var round = 0; round < Rounds; round++) loads.Add(await bench.Book(32, 4));
            report.Add($"{slots:N0} slots, bookings, 32 connections", "bookings/s", loads.Select(l => l.PerSecond));
            report.Add($"{slots:N0} slots, bookings, 32 connections", "p50 ms", loads.Select(l => l.P50));
            report.Add($"{slots:N0} slots, bookings, 32 connections", "p99 ms", loads.Select(l => l.P99));
            p50[slots] = loads.Select(l => l.P50).Order().ElementAt(Rounds / 2);
        }
        report.Add("10 M slots ÷ 100 k", "p50 of a booking", [p50[10_000_000] / p50[100_000]], "≤ 1.2");
    }
}

/// <summary>A seeded rig and the next slot that nobody has asked for yet.</summary>
sealed class SeededServer : IAsyncDisposable
{
    readonly string _tokens;
    readonly int _patients;
    long _next;

    SeededServer(Rig rig, string tokens, int patients) => (Rig, _tokens, _patients) = (rig, tokens, patients);

    public Rig Rig { get; }

    /// <summary>A file of access tokens, a line each, of patient 0 and on.</summary>
    public string Tokens => _tokens;

    /// <summary>A slot that was not asked for before.</summary>
    public Guid NextSlot() => Ids.Slot(Interlocked.Increment(ref _next));

    public static async Task<SeededServer> Start(int doctors, int patients, int slots)
    {
        var rig = await Rig.Start();
        await using (var owner = rig.Owner()) await Seed.Fill(owner, doctors, patients, slots);
        var tokens = await rig.WriteTokens(patients);
        await rig.StartServer();
        return new(rig, tokens, patients);
    }

    /// <summary>Takes back what earlier runs booked, so that each begins with patients who have no bookings.</summary>
    /// <remarks>Waits for the readers first; slots stay used, the next run takes others.</remarks>
    public async Task Forget()
    {
        await using var owner = Rig.Owner();
        while (await owner.Statement(IsBehind).Value<bool>()) await Task.Delay(100);
        await owner.Statement(Empty).Execute();
        await owner.Statement("checkpoint").Execute();
    }

    public async Task<Load> Book(int connections, int seconds)
    {
        await Forget();
        var load = await Tools.Wrk(Rig.Address, connections, seconds, Path
            .Combine(AppContext.BaseDirectory, "book.lua"), _tokens, $"{_next}");
        if (load.Failed > 0) Console.WriteLine($"{load.Failed} bookings failed");
        await Skip();
        return load;
    }

    public async Task<Load> PgBench(int clients, int seconds)
    {
        await Forget();
        var load = await Tools.PgBench(Rig.OwnerConnectionString.ToLibpq(), clients, seconds, Path
            .Combine(AppContext.BaseDirectory, "book.sql"),
            ("first", $"{_next}"), ("patients", $"{_patients}"));
        await Skip();
        return load;
    }

    /// <summary>The next run starts above every slot that any client may have asked for.</summary>
    async Task Skip()
    {
        await using var owner = Rig.Owner();
        var last = await owner
            .Statement(
            "select id from scheduling.slots where booking_id is not null order by id desc limit 1").Value<Guid>();
        // Clients do not advance evenly: the one that is ahead is not far ahead.
        const int Margin = 2_000;
        _next = Convert.ToInt64(last.ToString()[^12..], 16) + Margin;
    }

    public double ServerMegabytes()
    {
        var status = File.ReadLines($"/proc/{Rig.ServerPid}/status")
            .First(line => line.StartsWith("VmRSS", StringComparison.Ordinal));
        return double.Parse(status.Split(':')[1].Replace("kB", "").Trim(),
            System.Globalization.CultureInfo.InvariantCulture) / 1024;
    }

    /// <summary>What was fast must also be right: every booking has its slot marked, its key and its event.</summary>
    public async Task ShouldHoldEveryBooking()
    {
        await using var owner = Rig.Owner();
        var wrong = await owner.Statement(Wrong).Value<long>();
        if (wrong != 0) throw new InvalidOperationException($"{wrong} bookings lack their slot, key or event");
    }

    public async ValueTask DisposeAsync() => await Rig.DisposeAsync();

    const string IsBehind = """
        select exists (select from audit.events) and exists (
            select from platform.event_readers r
             where r.position < (select max(e.position) from audit.events e
                                  where e.tx < pg_snapshot_xmin(pg_current_snapshot())))
        """;

    const string Empty = """
        truncate scheduling.bookings, scheduling.booking_steps, scheduling.waitlist_entries,
            scheduling.waitlist_offers, scheduling.idempotency_keys, audit.events, analytics.bookings, analytics.daily
        """;

    const string Wrong = """
        select count(*) from scheduling.bookings b
         where not exists (select from scheduling.slots s where s.id = b.slot_id and s.booking_id = b.id)
            or not exists (select from scheduling.idempotency_keys k where k.booking_id = b.id)
            or not exists (select from audit.events e where e.entity_id = b.id and e.action = 'bookings.booked')
        """;
}

static class ConnectionStrings
{
    /// <summary>The same connection in the words of libpq, for pgbench.</summary>
    public static string ToLibpq(this string connectionString)
    {
        var parts = new NpgsqlConnectionStringBuilder(connectionString);
        return $"host={parts.Host} port={parts.Port} user={parts.Username} password={parts.Password} "
            + $"dbname={parts.Database}";
    }
}
