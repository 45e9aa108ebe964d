using System.Diagnostics;
using Amrutam.Identity.Tokens;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;
using static Amrutam.Tests.Support.Waiting;

namespace Amrutam.Tests.Identity.Sessions;

/// <summary>Two servers on one database have the same view of sessions and keys.</summary>
public sealed class TwoReplicaTests(TestCluster cluster) : IAsyncLifetime
{
    TestServer _one = null!, _other = null!;

    public async ValueTask InitializeAsync()
    {
        var database = await cluster.NewDatabase();
        (_one, _other) = (await TestServer.Start(database), await TestServer.Start(database));
    }

    public async ValueTask DisposeAsync()
    {
        await _one.DisposeAsync();
        await _other.DisposeAsync();
    }

    static HttpClient At(TestServer server, TestUser user)
    {
        var client = server.Anonymous();
        client.DefaultRequestHeaders.Authorization = user.Http.DefaultRequestHeaders.Authorization;
        return client;
    }

    async Task<TimeSpan> UntilRefused(HttpClient client)
    {
        var clock = Stopwatch.StartNew();
        await Until(async () => (await client.Get("/api/me")).Status == 401);
        return clock.Elapsed;
    }

    [Fact]
    public async Task A_session_ended_on_one_is_refused_by_the_other_within_a_second()
    {
        for (var i = 0; i < 10; i++)
        {
            var user = await _one.User("patient");
            var elsewhere = At(_other, user);
            (await elsewhere.Get("/api/me")).Is(200);
            (await user.Http.Post("/api/auth/logout")).Is(204);
            var took = await UntilRefused(elsewhere);
            TestContext.Current.SendDiagnosticMessage("refused elsewhere after {0:0} ms", took.TotalMilliseconds);
            took.ShouldBeLessThan(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public async Task A_replica_that_lost_its_watch_asks_the_database_and_stays_closed()
    {
        var user = await _one.User("patient");
        var elsewhere = At(_other, user);
        (await elsewhere.Get("/api/me")).Is(200);
        await _one.Owner.Statement("""
            select pg_terminate_backend(pid) from pg_stat_activity
             where application_name = 'amrutam watch' and datname = current_database()
            """).Execute();
        await user.Http.Post("/api/auth/logout");
        (await elsewhere.Get("/api/me")).Is(401);
    }

    [Fact]
    public async Task A_session_end_without_a_notification_is_found_by_polling()
    {
        var user = await _one.User("patient");
        var elsewhere = At(_other, user);
        (await elsewhere.Get("/api/me")).Is(200);
        await _one.Owner.Statement("alter table identity.sessions disable trigger tell_session_ended").Execute();
        await user.Http.Post("/api/auth/logout");
        (await UntilRefused(elsewhere)).ShouldBeLessThan(TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task A_session_that_ended_before_the_start_is_refused()
    {
        var user = await _one.User("patient");
        await user.Http.Post("/api/auth/logout");
        await using var late = await TestServer.Start(_one.Database);
        (await At(late, user).Get("/api/me")).Is(401);
    }

    [Fact]
    public async Task A_key_made_on_one_is_known_by_the_other_at_once()
    {
        await _one.App.Services.GetRequiredService<SigningKeys>().Rotate(TimeSpan.Zero, onSchedule: false);
        var user = await _one.User("patient");
        (await At(_other, user).Get("/api/me")).Is(200);
    }

    [Fact]
    public async Task Rotation_mid_traffic_refuses_no_valid_token()
    {
        using var stop = new CancellationTokenSource();
        var (refused, accepted) = (0, 0);
        var users = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => _one.User("patient")));
        var traffic = users.SelectMany(user => new[] { _one, _other }.Select(server => Task.Run(async () =>
        {
            var tokens = server.App.Services.GetRequiredService<AccessTokens>();
            while (!stop.IsCancellationRequested)
            {
                // Each token is new and signed with the present key of its server. Both servers get it.
                var token = tokens.Issue(new CurrentUser(user.Id, "patient", Guid.CreateVersion7()));
                foreach (var asks in new[] { _one, _other })
                {
                    var status = (await asks.Anonymous().Send(HttpMethod.Get, "/api/me",
                        headers: ("Authorization", "Bearer " + token))).Status;
                    if (status == 200) Interlocked.Increment(ref accepted);
                    if (status == 401) Interlocked.Increment(ref refused);
                }
            }
        }))).ToList();
        var (keys, others) = (_one.App.Services.GetRequiredService<SigningKeys>(),
            _other.App.Services.GetRequiredService<SigningKeys>());
        await MoreAccepted();
        for (var i = 0; i < 5; i++)
        {
            var former = keys.Signing.Kid;
            await keys.Rotate(TimeSpan.FromSeconds(0.5), onSchedule: false);
            await Until(() => keys.Signing.Kid != former && others.Signing.Kid == keys.Signing.Kid);
            await MoreAccepted();
        }
        // Lost rows are not revoked keys: the servers go on with the keys in memory.
        await _one.Owner.Statement("delete from identity.signing_keys").Execute();
        var last = keys.Signing.Kid;
        await Until(() => new[] { keys, others }.All(k => k.Published.Any(key => key.ActivatesAt
            > keys.Published.Single(known => known.Kid == last).ActivatesAt)));
        await MoreAccepted();
        await stop.CancelAsync();
        await Task.WhenAll(traffic);
        refused.ShouldBe(0);
        (await _one.Owner.Statement("select count(*) from identity.signing_keys where retires_at is null")
            .Value<long>()).ShouldBe(1, "a new key is made for the lost ones");

        // Counts requests and not seconds, because a busy machine answers few requests in a given time.
        async Task MoreAccepted()
        {
            var enough = Volatile.Read(ref accepted) + 32;
            await Until(() => Volatile.Read(ref accepted) >= enough);
        }
    }

    [Fact]
    public async Task Revoked_keys_end_every_token_on_every_replica()
    {
        var user = await _one.User("patient");
        var elsewhere = At(_other, user);
        (await elsewhere.Get("/api/me")).Is(200);
        await _one.App.Services.GetRequiredService<SigningKeys>().Revoke();
        (await user.Http.Get("/api/me")).Is(401);
        (await UntilRefused(elsewhere)).ShouldBeLessThan(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Another_key_encryption_key_stops_the_start_with_one_clear_line()
    {
        var failure = await Should.ThrowAsync<StartupException>(() =>
            TestServer.Start(_one.Database, "--Identity:KeyEncryptionKey=" + Convert.ToBase64String(new byte[32])));
        failure.Message.ShouldContain("Identity__KeyEncryptionKey");
        failure.Message.ShouldNotContain("\n");
    }

    [Fact]
    public async Task Two_first_starts_at_once_make_one_key()
    {
        var database = await cluster.NewDatabase();
        var servers = await Task.WhenAll(TestServer.Start(database), TestServer.Start(database),
            TestServer.Start(database));
        (await servers[0].Owner.Statement("select count(*) from identity.signing_keys").Value<long>()).ShouldBe(1);
        foreach (var server in servers) await server.DisposeAsync();
    }

    [Fact]
    public async Task Limits_hold_over_both()
    {
        var database = await cluster.NewDatabase();
        await using var one = await TestServer.Start(database, "--Limits:SignInsPerAddress=6");
        await using var other = await TestServer.Start(database, "--Limits:SignInsPerAddress=6");
        var replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => (i % 2 == 0 ? one : other).Anonymous()
            .Post("/api/auth/login", new { email = "a@example.org", password = "wrong-guess-1" })));
        replies.Count(r => r.Status == 401).ShouldBe(6);
        var refused = replies.Where(r => r.Status == 429).ToList();
        refused.Count.ShouldBe(14);
        refused.ShouldAllBe(r => r.Code == "too_many_requests" && int.Parse(r.Header("Retry-After")!) > 0);
    }
}
