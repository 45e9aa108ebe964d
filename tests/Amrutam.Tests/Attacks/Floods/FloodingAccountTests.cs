using System.Diagnostics;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Attacks.Floods;

/// <summary>One account sends many requests at once, to take every connection to the database from the
/// others.</summary>
[Collection(nameof(FloodingAccountTests))]
[CollectionDefinition(nameof(FloodingAccountTests), DisableParallelization = true)]
public sealed class FloodingAccountTests(TestCluster cluster) : IAsyncLifetime
{
    const int Share = 4, AtOnce = 56, BookingsPerRoute = 6;

    // For the figures of others: their ratio, and the longest time that any machine may need.
    const double Slowdown = 3, LongestMilliseconds = 500;

    // The attacker's program runs on this machine too, and shall not take the processor from the server.
    const int AfterARefusal = 250;

    TestServer _server = null!;

    public async ValueTask InitializeAsync() =>
        _server = await TestServer.Start(await cluster.NewDatabase(), $"--Limits:RequestsAtOnce={Share}",
            "--Limits:ChangesPerAccount=120", "--Limits:ChangesPerAddress=600", "--Http:TrustedProxies=127.0.0.1");

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    /// <summary>The lock is held until the attacker's share waits for it. Each of these requests has a connection. The
    /// others wait without one or are refused.</summary>
    [Fact]
    public async Task An_account_waits_for_locks_with_its_share_of_the_pool_and_no_more()
    {
        var (attacker, doctor, patient) = (await _server.Doctor(), await _server.Doctor(),
            await _server.User("patient"));
        var slot = await doctor.Slot();
        await using var connection = await _server.Owner.OpenConnectionAsync();
        await using var held = await connection.BeginTransactionAsync();
        await connection.Statement("select pg_advisory_xact_lock(hashtextextended('calendar ' || $1, 0))")
            .With(attacker.Id).Execute();
        var flood = Enumerable.Range(0, AtOnce)
            .Select(_ => attacker.Offer(Availability.Daily("09:00", "12:00"))).ToArray();
        var most = 0L;
        while (!Array.TrueForAll(flood, request => request.IsCompleted))
        {
            most = Math.Max(most, await _server.Owner.Statement(CountWaiting).Value<long>());
            (await _server.Anonymous().Get("/health/ready")).Is(200);
        }
        most.ShouldBe(Share);
        (await patient.Book(slot)).Is(201);
        var replies = await Task.WhenAll(flood);
        replies.Select(r => r.Code).Distinct().Order(StringComparer.Ordinal)
            .ShouldBe(["another_change_runs", "too_many_at_once"]);
        replies.ShouldAllBe(r => r.Header("Retry-After") != null);
    }

    [Fact]
    public async Task Others_book_sign_in_and_read_in_time_while_one_account_floods_every_writing_route()
    {
        var (_, during) = await FloodEveryRoute();
        P99(during).ShouldBeLessThanOrEqualTo(LongestMilliseconds);
    }

    /// <summary>The attacker's program takes its part of the processors, so the figure needs a quiet machine: see
    /// <c>./x floods</c>.</summary>
    [Fact(Explicit = true)]
    public async Task Others_book_as_fast_as_before_while_one_account_floods_every_writing_route()
    {
        var (before, during) = await FloodEveryRoute();
        (P99(during) / P99(before)).ShouldBeLessThanOrEqualTo(Slowdown,
            $"p99 before {P99(before):0.0} ms, while flooded {P99(during):0.0} ms");
    }

    /// <returns>Times of others' bookings in milliseconds, without and with the flood.</returns>
    async Task<(List<double> Before, List<double> During)> FloodEveryRoute()
    {
        var person = await Person.SignUp(_server);
        var routes = ExampleRequest.Changes().ToList();
        var attacker = new Attacker(_server);
        // Code that runs for the first time is compiled first.
        foreach (var route in routes) await attacker.TurnTo(route);
        await MeasureBookings();
        // In alternation, because the machine has other work too.
        var (before, during) = (new List<double>(), new List<double>());
        foreach (var route in routes)
        {
            before.AddRange(await MeasureBookings());
            using var end = new CancellationTokenSource();
            await attacker.TurnTo(route);
            var flood = attacker.Flood(AtOnce, end.Token);
            during.AddRange(await MeasureBookings());
            (await person.TryToSignIn()).Is(200);
            (await person.Http.Get("/api/bookings")).Is(200);
            (await _server.Anonymous().Get("/health/ready")).Is(200);
            await end.CancelAsync();
            await flood;
        }
        return (before, during);
    }

    /// <summary>Times of bookings in milliseconds, by a patient with a doctor of their own.</summary>
    async Task<List<double>> MeasureBookings()
    {
        var (doctor, patient) = (await _server.Doctor(), await _server.User("patient"));
        var times = new List<double>();
        for (var n = 0; n < BookingsPerRoute; n++)
        {
            var slot = await doctor.Slot(n);
            var began = Stopwatch.GetTimestamp();
            (await patient.Http.Post("/api/bookings", new { slot_id = slot })).Is(201);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        return times;
    }

    static double P99(List<double> times) => times.Order().ElementAt((int)(times.Count * 0.99));

    const string CountWaiting = """
        select count(*) from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock' and query like '%pg_advisory_xact_lock%'
        """;

    /// <summary>One account with a token for each role, so that every route lets it in.</summary>
    sealed class Attacker(TestServer server)
    {
        // Changes without a token count for the network address, and the tests have one.
        const string Elsewhere = "203.0.113.7";

        // Its connections stay open from one route to the next: to open them takes the machine longer than to refuse.
        readonly HttpClient _http = server.Anonymous();
        string[] _tokens = [];
        ExampleRequest _route = null!;

        /// <summary>Sends the request once in each role, and keeps the roles that may send it. There is a new account
        /// for each route, because some routes close it, and because an account may make so many changes a
        /// minute.</summary>
        public async Task TurnTo(ExampleRequest route)
        {
            _route = route;
            var account = await server.Doctor();
            var tokens = new List<string>();
            foreach (var role in Allow.Roles[Allow.SignedIn])
            {
                var token = (await server.Again(account, role)).Http.DefaultRequestHeaders.Authorization!.ToString();
                if ((await Send(token)).Code != "role_may_not") tokens.Add(token);
            }
            _tokens = [.. tokens];
            _tokens.ShouldNotBeEmpty();
        }

        public Task Flood(int atOnce, CancellationToken end) =>
            Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => Task.Run(() => Repeat(end), CancellationToken.None)));

        async Task Repeat(CancellationToken end)
        {
            while (!end.IsCancellationRequested)
                foreach (var token in _tokens)
                    if ((await Send(token)).Status is 401 or 403 or 429 or 503)
                        await Waiting.Pause(AfterARefusal);
        }

        Task<Reply> Send(string token) => _http.SendUnjudged(_route.Method, _route.Address, _route.Body,
            headers: [("Authorization", token), ("X-Forwarded-For", Elsewhere)]);
    }
}
