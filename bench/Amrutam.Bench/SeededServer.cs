using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Amrutam.Bench.Bookings;
using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Bench;

/// <summary>A seeded rig and the next slot that was not requested yet.</summary>
sealed class SeededServer : IAsyncDisposable
{
    const int MostTokens = 20_000;

    readonly string _tokens;
    readonly int _patients;
    long _next;
    int _restarts;

    SeededServer(Rig rig, string tokens, int patients) => (Rig, _tokens, _patients) = (rig, tokens, patients);

    public Rig Rig { get; }

    /// <summary>A file of access tokens, a line each, of patient 0 and on.</summary>
    public string Tokens => _tokens;

    /// <summary>A slot that was not requested before.</summary>
    public Guid NextSlot() => Ids.Slot(Interlocked.Increment(ref _next));

    public static async Task<SeededServer> Start(int doctors, int patients, int slots)
    {
        var rig = await Rig.Start();
        await using (var owner = rig.Owner()) await Seed.Fill(owner, doctors, patients, slots);
        return await Start(rig, patients);
    }

    /// <summary>Like <see cref="Start(int, int, int)"/>, with half of the slots in the past and booked.</summary>
    public static async Task<SeededServer> StartWithPast(int doctors, int patients, int slots)
    {
        var rig = await Rig.Start();
        await using (var owner = rig.Owner()) await Seed.FillWithPast(owner, doctors, patients, slots);
        return await Start(rig, patients);
    }

    /// <summary>Waits until every event is sealed and read, and every invariant was checked in full. In service a
    /// server never gets millions of rows at once.</summary>
    public async Task Settle()
    {
        await using var owner = Rig.Owner();
        while (!await owner.Statement(IsSettled).Value<bool>()) await Task.Delay(500);
    }

    public Task RenewTokens() => WriteTokens(Rig, _patients);

    /// <summary>Tokens of patients that are evenly spread over all of them.</summary>
    static Task<string> WriteTokens(Rig rig, int patients)
    {
        var count = Math.Min(patients, MostTokens);
        return rig.WriteTokens("patient", Enumerable.Range(0, count).Select(n => n * (patients / count))
            .Select(n => (Ids.Patient(n), Ids.Session(n))));
    }

    static async Task<SeededServer> Start(Rig rig, int patients)
    {
        var tokens = await WriteTokens(rig, patients);
        await rig.StartServer();
        return new(rig, tokens, patients);
    }

    /// <summary>Removes the bookings of earlier runs, so that each begins with patients without bookings.</summary>
    /// <remarks>It waits for the readers first. Slots stay used, and the next run takes others.</remarks>
    public async Task Forget()
    {
        await using var owner = Rig.Owner();
        while (await owner.Statement(IsBehind).Value<bool>()) await Task.Delay(100);
        await owner.Statement(Empty).Execute();
        await owner.Statement("checkpoint").Execute();
    }

    /// <param name="ahead">The number of visits that each patient has ahead before the first booking.</param>
    public async Task<Load> Book(int connections, int seconds, int ahead = 0)
    {
        await Forget();
        if (ahead > 0) await VisitsAhead.Add(Rig, _patients, ahead);
        return await GoOnBooking(connections, seconds);
    }

    /// <summary>Books while the results of the last run are still there, and perhaps work of it too.</summary>
    public async Task<Load> GoOnBooking(int connections, int seconds)
    {
        var load = await Measured(() => Tools.Wrk(Rig.Address, connections, seconds,
            Tools.Script("book.lua"), _tokens, $"{_next}"));
        if (load.Failed > 0) Console.WriteLine($"{load.Failed} bookings failed");
        await Skip();
        return load;
    }

    public async Task<Load> PgBench(int clients, int seconds)
    {
        await Forget();
        var load = await Measured(() => Tools.PgBench(Rig.OwnerConnectionString.ToLibpq(), clients, seconds,
            Tools.Script("book.sql"), ("first", $"{_next}"), ("patients", $"{_patients}")));
        await Skip();
        return load;
    }

    public async Task<Load> Measured(Func<Task<Load>> run)
    {
        var (server, database) = (Tools.Cpu(Rig.ServerPid), Tools.Cpu(Rig.DatabasePid));
        var load = await run();
        return load with
        {
            ServerCpu = Tools.Cpu(Rig.ServerPid) - server,
            DatabaseCpu = Tools.Cpu(Rig.DatabasePid) - database,
        };
    }

    /// <returns>Seconds from the start of the process to the response of the first booking.</returns>
    public async Task<double> RestartAndBook()
    {
        await Rig.StopServer();
        var began = Stopwatch.GetTimestamp();
        await Rig.StartServer();
        using var http = new HttpClient { BaseAddress = Rig.Address };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/bookings");
        request.Content = JsonContent.Create(new { slot_id = NextSlot() });
        // It is another patient each time, because the last one has a booking at that time.
        request.Headers.Authorization = new("Bearer", File.ReadLines(_tokens).ElementAt(_restarts++));
        using var answer = await http.SendAsync(request);
        if (answer.StatusCode != HttpStatusCode.Created)
            throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>The next run starts above every slot that any client may have requested.</summary>
    async Task Skip()
    {
        await using var owner = Rig.Owner();
        var last = await owner
            .Statement(
            "select id from scheduling.slots where booking_id is not null order by id desc limit 1").Value<Guid>();
        // Clients do not advance evenly, and their last requests may still be booked after the end of the run.
        const int Margin = 5_000;
        _next = Convert.ToInt64(last.ToString()[^12..], 16) + Margin;
    }

    public double ServerMegabytes()
    {
        var status = File.ReadLines($"/proc/{Rig.ServerPid}/status")
            .First(line => line.StartsWith("VmRSS", StringComparison.Ordinal));
        return double.Parse(status.Split(':')[1].Replace("kB", "").Trim(),
            CultureInfo.InvariantCulture) / 1024;
    }

    /// <summary>Checks that the results are right and not only fast: every booking has its slot marked, its key and its
    /// event.</summary>
    public async Task ShouldHoldEveryBooking()
    {
        await using var owner = Rig.Owner();
        await owner.Statement("analyze scheduling.bookings, platform.idempotency_keys, audit.events").Execute();
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

    const string IsSettled = """
        select not exists (
                   select from audit.events e
                    where e.position > coalesce((select max(position) from audit.seals), 0)
                      and e.at < now() - interval '10 seconds')
               and not exists (select from platform.event_readers r
                                where r.position < (select max(position) from audit.seals))
               and (select bool_and(fully_checked_at > now() - interval '1 day') from platform.invariants)
        """;

    const string Empty = """
        truncate scheduling.bookings, scheduling.booking_steps, scheduling.moved_bookings, scheduling.waitlist_entries,
            scheduling.waitlist_offers, platform.idempotency_keys, audit.events, analytics.bookings, analytics.daily
        """;

    // Visits that were there before have no keys and events.
    const string Wrong = """
        select count(*) from scheduling.bookings b
         where b.id not between '12000000-0000-0000-0000-000000000000' and '12ffffff-ffff-ffff-ffff-ffffffffffff'
           and (not exists (select from scheduling.slots s where s.id = b.slot_id and s.booking_id = b.id)
                or not exists (select from platform.idempotency_keys k where k.booking_id = b.id)
                or not exists (select from audit.events e where e.entity_id = b.id and e.action = 'bookings.booked'))
        """;
}

static class ConnectionStrings
{
    /// <summary>The same connection as libpq's variables, for pgbench.</summary>
    public static string ToLibpq(this string connectionString)
    {
        var parts = new NpgsqlConnectionStringBuilder(connectionString);
        return $"host={parts.Host} port={parts.Port} user={parts.Username} password={parts.Password} "
            + $"dbname={parts.Database}";
    }
}
