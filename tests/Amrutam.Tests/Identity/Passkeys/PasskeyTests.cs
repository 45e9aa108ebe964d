using System.Text.Json;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.Playwright;

namespace Amrutam.Tests.Identity.Passkeys;

/// <summary>Passkeys in a real browser: Chromium's virtual authenticator makes them, the page hands them to the
/// API.</summary>
[Collection(Browser.OneAtATime)]
public sealed class PasskeyTests(Browser browser, ServerFixture fixture) : IClassFixture<ServerFixture>
{
    // What a page of a client would do; the server's own pages carry no script, so it runs in the test's browser.
    const string Calls = """
        window.call = async (method, path, body, token) => {
            const headers = { 'Content-Type': 'application/json' };
            if (token) headers.Authorization = 'Bearer ' + token;
            const answer = await fetch(path, { method, headers,
                body: body === undefined ? undefined : JSON.stringify(body) });
            const text = await answer.text();
            return { status: answer.status, body: text ? JSON.parse(text) : null };
        };
        window.register = async (offer) => (await navigator.credentials.create({
            publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(offer.options) })).toJSON();
        window.show = async (offer) => (await navigator.credentials.get({
            publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(offer.options) })).toJSON();
        'ready';
        """;

    TestServer Server => fixture.Server;

    /// <summary>A page at localhost, because a passkey is bound to a name and not to an address.</summary>
    async Task<IPage> Page(bool userVerified = true)
    {
        var address = new UriBuilder(Server.Address) { Host = "localhost" }.Uri;
        var page = (await browser.Open(address)).Page;
        var devtools = await page.Context.NewCDPSessionAsync(page);
        await devtools.SendAsync("WebAuthn.enable");
        await devtools.SendAsync("WebAuthn.addVirtualAuthenticator", new Dictionary<string, object>
        {
            ["options"] = new Dictionary<string, object>
            {
                ["protocol"] = "ctap2", ["transport"] = "internal", ["hasResidentKey"] = true,
                ["hasUserVerification"] = true,
                ["isUserVerified"] = userVerified, ["automaticPresenceSimulation"] = true,
            },
        });
        // An empty page of ours without the policy that forbids every script: it stands for a client's own page.
        await page.RouteAsync("**/blank", route =>
            route.FulfillAsync(new() { ContentType = "text/html", Body = "<title>client</title>" }));
        await page.GotoAsync(new Uri(address, "/blank").ToString());
        await page.EvaluateAsync(Calls);
        return page;
    }

    static Task<JsonElement> Register(IPage page, string token) => page.EvaluateAsync<JsonElement>($$"""
        async ([token, password]) => {
            const offer = (await call('POST', '/api/me/passkeys/options', { password }, token)).body;
            const credential = await register(offer);
            return await call('POST', '/api/me/passkeys',
                { challenge_id: offer.challenge_id, name: 'My laptop', credential }, token);
        }
        """, new[] { token, Person.Password });

    static Task<JsonElement> SignIn(IPage page) => page.EvaluateAsync<JsonElement>("""
        async () => {
            const offer = (await call('POST', '/api/auth/passkey/options')).body;
            const credential = await show(offer);
            window.last = { challenge_id: offer.challenge_id, credential };
            return await call('POST', '/api/auth/passkey', window.last);
        }
        """);

    static int Status(JsonElement answer) => answer.GetProperty("status").GetInt32();

    static string Token(Person person) => person.Http.DefaultRequestHeaders.Authorization!.Parameter!;

    [Fact]
    public async Task A_passkey_is_registered_listed_named_used_and_removed()
    {
        var person = await Person.SignUp(Server);
        var page = await Page();
        var made = await Register(page, Token(person));
        Status(made).ShouldBe(201, made.ToString());
        var listed = (await person.Http.Get("/api/me/passkeys")).Is(200).Body.GetProperty("items")[0];
        listed.GetProperty("name").GetString().ShouldBe("My laptop");
        var id = listed.GetProperty("id").GetString();
        (await person.Http.Patch("/api/me/passkeys/" + id, new { name = "Old laptop" }))
            .Is(200)["name"].ShouldBe("Old laptop");
        var signedIn = await SignIn(page);
        Status(signedIn).ShouldBe(200, signedIn.ToString());
        var me = await Server.Anonymous().Send(HttpMethod.Get, "/api/me",
            headers: ("Authorization", "Bearer " + signedIn.GetProperty("body").GetProperty("access_token")
                .GetString()));
        me.Is(200).Id.ShouldBe(person.Id);
        (await person.Http.Send(HttpMethod.Delete, "/api/me/passkeys/" + id, new { }))
            .Is(403, "reauthentication_required");
        (await person.Http.Send(HttpMethod.Delete, "/api/me/passkeys/" + id, new { password = Person.Password }))
            .Is(204);
        Status(await SignIn(page)).ShouldBe(401);
    }

    [Fact]
    public async Task An_answer_is_taken_once()
    {
        var person = await Person.SignUp(Server);
        var page = await Page();
        await Register(page, Token(person));
        Status(await SignIn(page)).ShouldBe(200);
        var again = await page.EvaluateAsync<JsonElement>("() => call('POST', '/api/auth/passkey', window.last)");
        Status(again).ShouldBe(401);
        again.GetProperty("body").GetProperty("code").GetString().ShouldBe("invalid_passkey");
    }

    [Fact]
    public async Task A_passkey_can_be_the_only_credential()
    {
        var page = await Page();
        var email = Guid.CreateVersion7().ToString("N") + "@example.org";
        var made = await page.EvaluateAsync<JsonElement>("""
            async (email) => {
                const offer = (await call('POST', '/api/auth/passkey/signup/options', { email })).body;
                const credential = await register(offer);
                return await call('POST', '/api/auth/passkey/signup',
                    { challenge_id: offer.challenge_id, email, credential });
            }
            """, email);
        Status(made).ShouldBe(201, made.ToString());
        (await Server.Anonymous().Post("/api/auth/login", new { email, password = Person.Password }))
            .Is(401, "invalid_credentials");
        var signedIn = await SignIn(page);
        Status(signedIn).ShouldBe(200, signedIn.ToString());
        using var http = Server.Anonymous();
        http.DefaultRequestHeaders.Authorization =
            new("Bearer", signedIn.GetProperty("body").GetProperty("access_token").GetString());
        var only = (await http.Get("/api/me/passkeys")).Is(200).Body.GetProperty("items")[0].GetProperty("id")
            .GetString();
        (await http.Send(HttpMethod.Delete, "/api/me/passkeys/" + only, new { })).Is(409, "last_credential");
        await Server.Owner.Age(signedIn);
        (await http.Send(HttpMethod.Delete, "/api/me/passkeys/" + only, new { })).Is(403, "reauthentication_required");
    }

    [Fact]
    public async Task Who_does_not_unlock_the_authenticator_is_not_let_in()
    {
        var person = await Person.SignUp(Server);
        var page = await Page(userVerified: false);
        (await Should.ThrowAsync<PlaywrightException>(() => Register(page, Token(person))))
            .Message.ShouldContain("NotAllowedError");
    }

    [Fact]
    public async Task A_passkey_counts_as_a_second_factor()
    {
        var person = await Person.SignUp(Server);
        await person.Enrol();
        var page = await Page();
        await Register(page, Token(person));
        Status(await SignIn(page)).ShouldBe(200);
    }

    [Fact]
    public async Task Rubbish_is_refused_and_never_a_500()
    {
        foreach (var credential in new object?[] { new { }, "text", 7, new { id = "x", response = new { } }, null })
            (await Server.Anonymous().Post("/api/auth/passkey",
                new { challenge_id = Guid.CreateVersion7(), credential })).Status.ShouldBeOneOf(400, 401, 422);
    }
}

static class PasskeyAge
{
    /// <summary>Lets the sign-in be an hour ago.</summary>
    public static async Task Age(this Npgsql.NpgsqlDataSource owner, JsonElement signedIn)
    {
        var token = new Microsoft.IdentityModel.JsonWebTokens.JsonWebToken(signedIn.GetProperty("body")
            .GetProperty("access_token").GetString());
        await using var command =
            owner.CreateCommand("update identity.sessions set created_at = now() - interval '1 hour' where id = $1");
        command.Parameters.AddWithValue(Guid.Parse(token.GetClaim("sid").Value));
        await command.ExecuteNonQueryAsync();
    }
}
