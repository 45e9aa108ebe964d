using System.Net;
using Amrutam.Identity.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Amrutam.Tests.Identity.SignIn;

/// <summary>The cookie of the web pages, on routes that only the test maps.</summary>
public sealed class PortalSignInTests(TestCluster cluster) : IAsyncLifetime
{
    const string Password = "copper-lantern-42";
    TestServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.Start(await cluster.NewDatabase());
        _server.App.MapPost("/test/sign-in", async (HttpContext http, PortalSignIn portal) =>
            (await portal.SignIn(http, "patient@example.org", http.Request.Query["password"]!)).ToString())
                .AllowAnonymous();
        _server.App.MapPost("/test/sign-out", (HttpContext http, PortalSignIn portal) => portal.SignOut(http))
            .AllowAnonymous();
        _server.App.MapGet("/test/page", (CurrentUser user) => user.Role).RequirePortal(Allow.Patient);
        _server.App.MapGet("/api/test/open", (HttpContext http) => CurrentUser.Of(http)?.Role ?? "nobody")
            .AllowAnonymous();
        _server.App.MapGet("/test/admin-page", () => "admins only").RequirePortal(Allow.Admin);
        (await _server.Anonymous().Post("/api/auth/signup", new { email = "patient@example.org", password = Password }))
            .Is(201);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    HttpClient Browser(CookieContainer cookies) =>
        new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            CookieContainer = cookies
        })
        { BaseAddress = _server.Address };

    async Task<HttpClient> SignedIn()
    {
        var browser = Browser(new());
        (await browser.Send(HttpMethod.Post, "/test/sign-in?password=" + Password)).Text.ShouldBe("SignedIn");
        return browser;
    }

    [Fact]
    public async Task A_page_answers_to_the_cookie_and_sends_others_to_sign_in()
    {
        var signedIn = await SignedIn();
        (await signedIn.Get("/test/page")).Is(200).Text.ShouldBe("patient");
        (await _server.Anonymous().Get("/test/page")).Is(302).Header("Location")!
            .ShouldContain("/sign-in?returnUrl=%2Ftest%2Fpage");
        (await signedIn.Get("/test/admin-page")).Is(302).Header("Location")!
            .ShouldContain("/sign-in?returnUrl=%2Ftest%2Fadmin-page");
    }

    [Fact]
    public async Task A_wrong_password_gets_no_cookie()
    {
        var reply = await Browser(new()).Send(HttpMethod.Post, "/test/sign-in?password=wrong-guess-1");
        reply.Text.ShouldBe("InvalidCredentials");
        reply.Header("Set-Cookie").ShouldBeNull();
    }

    [Fact]
    public async Task The_cookie_is_kept_from_scripts_and_other_sites()
    {
        var cookie = (await Browser(new()).Send(HttpMethod.Post, "/test/sign-in?password=" + Password))
            .Header("Set-Cookie")!;
        cookie.ShouldContain("httponly");
        cookie.ShouldContain("samesite=lax");
        cookie.ShouldNotContain("secure", customMessage: "over plain http in Development a browser would drop it");
        await using var production = await TestServer.Start(_server.Database, "--environment=Production");
        production.App.MapPost("/test/sign-in", async (HttpContext http, PortalSignIn portal) =>
            (await portal.SignIn(http, "patient@example.org", Password)).ToString()).AllowAnonymous();
        (await production.Anonymous().Post("/test/sign-in")).Header("Set-Cookie")!.ShouldSatisfyAllConditions(
            c => c.ShouldStartWith("__Host-amrutam="), c => c.ShouldContain("secure"), c => c.ShouldContain("path=/"));
    }

    [Fact]
    public async Task Signing_out_ends_the_session_and_not_only_the_cookie()
    {
        var cookies = new CookieContainer();
        var browser = Browser(cookies);
        await browser.Send(HttpMethod.Post, "/test/sign-in?password=" + Password);
        var stolen = new CookieContainer();
        stolen.Add(cookies.GetAllCookies());
        await browser.Send(HttpMethod.Post, "/test/sign-out");
        (await browser.Get("/test/page")).Is(302);
        (await Browser(stolen).Get("/test/page")).Is(302);
    }

    [Fact]
    public async Task A_person_who_must_enrol_a_second_factor_first_can_sign_out()
    {
        await using var production = await TestServer.Start(_server.Database, "--environment=Production",
            "--Identity:SecondFactorRoles=patient,admin", "--Http:TrustedProxies=127.0.0.1");
        production.App.MapPost("/test/sign-in", async (HttpContext http, PortalSignIn portal) =>
            (await portal.SignIn(http, "patient@example.org", Password)).ToString()).AllowAnonymous();
        production.App.MapGet("/test/page", () => "for patients").RequirePortal(Allow.Patient);
        var cookie = (await production.Anonymous().Send(HttpMethod.Post, "/test/sign-in")).Header("Set-Cookie")!
            .Split(';')[0];
        (await production.Anonymous().Send(HttpMethod.Get, "/test/page", headers: ("Cookie", cookie)))
            .Is(403, "mfa_enrolment_required");
        // 400 because the form's token is missing. So the route was reached.
        (await production.Anonymous().Send(HttpMethod.Post, "/sign-out",
            headers: [("Cookie", cookie), ("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https")]))
            .Is(400);
    }

    [Fact]
    public async Task Signing_in_again_ends_the_session_that_the_browser_had()
    {
        var cookies = new CookieContainer();
        var browser = Browser(cookies);
        await browser.Send(HttpMethod.Post, "/test/sign-in?password=" + Password);
        var former = new CookieContainer();
        former.Add(cookies.GetAllCookies());
        await browser.Send(HttpMethod.Post, "/test/sign-in?password=" + Password);
        (await browser.Get("/test/page")).Is(200);
        (await Browser(former).Get("/test/page")).Is(302);
    }

    [Fact]
    public async Task An_ended_idle_or_suspended_session_opens_no_page()
    {
        foreach (var change in new[]
        {
            "update identity.sessions set ended_at = now()",
            "update identity.sessions set last_seen_at = now() - interval '31 minutes'",
            "update identity.sessions set expires_at = now()",
            "update identity.users set suspended_at = now()",
        })
        {
            var browser = await SignedIn();
            (await browser.Get("/test/page")).Is(200);
            await _server.Owner.Statement(change).Execute();
            (await browser.Get("/test/page")).Is(302);
        }
    }

    [Fact]
    public async Task The_API_does_not_take_the_cookie_and_pages_do_not_take_tokens()
    {
        (await (await SignedIn()).Get("/api/me")).Is(401);
        var user = await _server.User("patient");
        (await user.Http.Get("/api/me")).Is(200);
        (await user.Http.Get("/test/page")).Is(302);
    }

    [Fact]
    public async Task An_open_route_does_not_look_up_the_session()
    {
        var signedIn = await SignedIn();
        const string Seen = "select last_seen_at from identity.sessions where kind = 'portal'";
        var before = await _server.Owner.Statement(Seen).Value<DateTime>();
        (await signedIn.Get("/api/test/open")).Is(200).Text.ShouldBe("nobody");
        (await _server.Owner.Statement(Seen).Value<DateTime>()).ShouldBe(before);
        await signedIn.Get("/test/page");
        (await _server.Owner.Statement(Seen).Value<DateTime>()).ShouldBeGreaterThan(before);
    }

    [Fact]
    public async Task The_caller_of_one_request_is_not_the_caller_of_the_next_on_the_connection()
    {
        var token = (await _server.User("patient")).Http.DefaultRequestHeaders.Authorization!.ToString();
        using var one = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 1 })
        {
            BaseAddress = _server.Address,
        };
        for (var turn = 0; turn < 2; turn++)
        {
            (await one.Send(HttpMethod.Get, "/api/me", headers: ("Authorization", token))).Is(200);
            (await one.Get("/api/test/open")).Is(200).Text.ShouldBe("nobody");
            (await one.Get("/api/me")).Is(401, "not_signed_in");
        }
    }

    [Fact]
    public async Task A_cookie_is_read_by_every_replica_and_after_a_restart()
    {
        var cookies = new CookieContainer();
        await Browser(cookies).Send(HttpMethod.Post, "/test/sign-in?password=" + Password);
        await using var other = await TestServer.Start(_server.Database);
        other.App.MapGet("/test/page", (CurrentUser user) => user.Role).RequirePortal(Allow.Patient);
        using var browser = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false
        })
        { BaseAddress = other.Address };
        browser.DefaultRequestHeaders.Add("Cookie", cookies.GetCookieHeader(_server.Address));
        (await browser.Get("/test/page")).Is(200);
    }

    [Fact]
    public async Task The_keys_of_cookies_are_encrypted_in_the_database()
    {
        await SignedIn();
        var keys = await _server.Owner.Statement("select element from identity.data_protection_keys")
            .List(row => row.GetString(0));
        keys.ShouldNotBeEmpty();
        keys.ShouldAllBe(key => key.Contains("<sealed") && !key.Contains("masterKey"));
    }
}
