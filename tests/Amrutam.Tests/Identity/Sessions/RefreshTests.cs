using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Identity.Sessions;

public sealed class RefreshTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const string Password = "copper-lantern-42";

    HttpClient Client => fixture.Server.Anonymous();

    async Task<Reply> SignIn(string name)
    {
        await Client.Post("/api/auth/signup", new { email = name + "@example.org", password = Password });
        return (await Client.Post("/api/auth/login", new { email = name + "@example.org", password = Password }))
            .Is(200);
    }

    Task<Reply> Refresh(string token) => Client.Post("/api/auth/refresh", new { refresh_token = token });

    Task<Reply> Me(string accessToken) =>
        Client.Send(HttpMethod.Get, "/api/me", headers: ("Authorization", "Bearer " + accessToken));

    Task<int> Age(TimeSpan by) =>
        fixture.Server.Owner.Statement("update identity.refresh_tokens set used_at = used_at - $1").With(by).Execute();

    [Fact]
    public async Task A_refresh_token_gives_the_next_pair()
    {
        var first = await SignIn("rotate");
        var second = (await Refresh(first["refresh_token"])).Is(200);
        second["refresh_token"].ShouldNotBe(first["refresh_token"]);
        (await Me(second["access_token"])).Is(200);
        (await Refresh(second["refresh_token"])).Is(200);
    }

    [Fact]
    public async Task A_used_token_kills_its_family_at_once()
    {
        var first = await SignIn("reuse");
        var second = (await Refresh(first["refresh_token"])).Is(200);
        var third = (await Refresh(second["refresh_token"])).Is(200);
        (await Refresh(first["refresh_token"])).Is(401, "invalid_refresh_token");
        (await Refresh(third["refresh_token"])).Is(401, "invalid_refresh_token");
        (await Me(third["access_token"])).Is(401, "not_signed_in");
    }

    [Fact]
    public async Task A_token_used_longer_ago_than_the_grace_kills_its_family()
    {
        var first = await SignIn("late");
        var second = (await Refresh(first["refresh_token"])).Is(200);
        await Age(TimeSpan.FromSeconds(31));
        (await Refresh(first["refresh_token"])).Is(401, "invalid_refresh_token");
        (await Refresh(second["refresh_token"])).Is(401, "invalid_refresh_token");
    }

    [Fact]
    public async Task An_answer_that_got_lost_is_given_again_for_as_long_as_a_client_waits()
    {
        var first = await SignIn("lost");
        var second = (await Refresh(first["refresh_token"])).Is(200);
        await Age(TimeSpan.FromSeconds(25));
        (await Refresh(first["refresh_token"])).Is(200)["refresh_token"].ShouldBe(second["refresh_token"]);
    }

    [Fact]
    public async Task Fifty_at_once_leave_one_living_family()
    {
        var first = await SignIn("fifty");
        var replies = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Refresh(first["refresh_token"])));
        replies.Select(r => r.Is(200)["refresh_token"]).Distinct().Count().ShouldBe(1);
        (await Refresh(replies[0]["refresh_token"])).Is(200);
        (await fixture.Server.Owner.Statement("""
            select count(*) from identity.refresh_tokens t
              join identity.sessions s on s.id = t.session_id join identity.users u on u.id = s.user_id
             where u.email = 'fifty@example.org' and t.used_at is null and s.ended_at is null
            """).Value<long>()).ShouldBe(1);
    }

    [Fact]
    public async Task Signing_out_ends_both_tokens()
    {
        var tokens = await SignIn("leaver");
        (await Client.Send(HttpMethod.Post, "/api/auth/logout",
            headers: ("Authorization", "Bearer " + tokens["access_token"]))).Is(204);
        (await Me(tokens["access_token"])).Is(401, "not_signed_in");
        (await Refresh(tokens["refresh_token"])).Is(401, "invalid_refresh_token");
    }

    [Fact]
    public async Task A_suspended_account_refreshes_nothing()
    {
        var tokens = await SignIn("frozen");
        await fixture.Server.Owner.Statement(
            "update identity.users set suspended_at = now() where email like 'frozen@%'").Execute();
        (await Refresh(tokens["refresh_token"])).Is(401, "invalid_refresh_token");
    }

    [Theory]
    [InlineData("update identity.refresh_tokens set expires_at = now()")]
    [InlineData("update identity.sessions set expires_at = now()")]
    public async Task A_session_ends_when_idle_and_when_old(string expire)
    {
        var tokens = await SignIn("old");
        await fixture.Server.Owner.Statement(expire).Execute();
        (await Refresh(tokens["refresh_token"])).Is(401, "invalid_refresh_token");
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("औ\u0000")]
    public async Task A_token_that_was_never_issued_is_refused(string token) =>
        (await Refresh(token)).Is(401, "invalid_refresh_token");

    [Fact]
    public async Task The_database_holds_no_token_that_works()
    {
        var tokens = await SignIn("leak");
        var stored = await fixture.Server.Owner.Statement("select t::text from identity.refresh_tokens t")
            .List(row => row.GetString(0));
        var secret = Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(tokens["refresh_token"]));
        stored.ShouldNotBeEmpty();
        stored.ShouldAllBe(row => !row.Contains(tokens["refresh_token"]) && !row.Contains(secret));
    }
}
