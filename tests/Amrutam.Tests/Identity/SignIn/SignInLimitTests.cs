using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Identity.SignIn;

public sealed class SignInLimitTests(TestCluster cluster) : IAsyncLifetime
{
    const string Password = "copper-lantern-42";
    TestServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.Start(
            await cluster.NewDatabase(), "--Limits:SignInFailuresPerAccount=3", "--Limits:SignUpsPerAddress=3");
        (await SignUp("owner")).Is(201);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    Task<Reply> SignUp(string name) =>
        _server.Anonymous().Post("/api/auth/signup", new { email = name + "@example.org", password = Password });

    Task<Reply> SignIn(string name, string password) =>
        _server.Anonymous().Post("/api/auth/login", new { email = name + "@example.org", password });

    Task<int> Pass(string interval) => _server.Owner.Statement($"""
        update identity.attempts
           set since = since - interval '{interval}', blocked_until = blocked_until - interval '{interval}'
        """).Execute();

    [Theory]
    [InlineData("owner")]
    [InlineData("nobody")]
    public async Task Failures_in_a_row_make_the_next_wait_whether_or_not_the_account_exists(string name)
    {
        for (var i = 0; i < 3; i++) (await SignIn(name, "wrong-guess-" + i)).Is(401, "invalid_credentials");
        var refused = (await SignIn(name, Password)).Is(429, "too_many_requests");
        int.Parse(refused.Header("Retry-After")!).ShouldBeInRange(1, 60);
    }

    [Fact]
    public async Task The_owner_is_let_in_after_the_wait_however_often_the_attacker_tried_meanwhile()
    {
        for (var i = 0; i < 30; i++) await SignIn("owner", "wrong-guess-" + i);
        await Pass("61 seconds");
        (await SignIn("owner", Password)).Is(200);
    }

    [Fact]
    public async Task The_wait_doubles_up_to_a_quarter_of_an_hour()
    {
        var waits = new List<int>();
        for (var i = 0; i < 10; i++)
        {
            var reply = await SignIn("owner", "wrong-guess-" + i);
            if (reply.Status == 429)
            {
                waits.Add(int.Parse(reply.Header("Retry-After")!));
                await Pass($"{waits[^1]} seconds");
            }
        }
        for (var i = 1; i < waits.Count; i++) waits[i].ShouldBeInRange(Math.Min(waits[i - 1] * 2 - 3, 890), 900);
        waits.Count.ShouldBeGreaterThan(2);
    }

    [Fact]
    public async Task Success_forgets_the_failures()
    {
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 2; i++) (await SignIn("owner", "wrong-guess-" + i)).Is(401);
            (await SignIn("owner", Password)).Is(200);
        }
    }

    [Fact]
    public async Task Guesses_at_once_are_counted_before_they_are_tried()
    {
        var replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => SignIn("owner", "wrong-guess-" + i)));
        replies.Count(r => r.Status == 401).ShouldBe(3);
        replies.Count(r => r.Status == 429).ShouldBe(17);
    }

    [Fact]
    public async Task Without_the_count_nobody_signs_in()
    {
        await _server.Owner.Statement("alter table identity.attempts rename to attempts_away").Execute();
        (await SignIn("owner", Password)).Status.ShouldBeGreaterThanOrEqualTo(500);
    }

    [Fact]
    public async Task Sign_ups_of_an_address_are_limited()
    {
        for (var i = 0; i < 2; i++) (await SignUp("new" + i)).Is(201);
        (await SignUp("new3")).Is(429, "too_many_requests");
        await Pass("61 seconds");
        (await SignUp("new3")).Is(201);
    }
}
