using System.Text.Json;
using Amrutam.Tests.Support.Servers;
using Microsoft.Playwright;

namespace Amrutam.Tests.Support;

/// <summary>A client's page in a real browser. Chromium's virtual authenticator makes passkeys, and the page sends them
/// to the API.</summary>
sealed class PasskeyClient(IPage page)
{
    // The server's own pages have no script, so the test runs the script of a client's page.
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

    /// <summary>Opens a page at localhost, because a passkey is bound to a name and not to an address.</summary>
    public static async Task<PasskeyClient> Open(Browser browser, TestServer server, bool userVerified = true)
    {
        var address = new UriBuilder(server.Address) { Host = "localhost" }.Uri;
        var page = (await browser.Open(address)).Page;
        var devtools = await page.Context.NewCDPSessionAsync(page);
        await devtools.SendAsync("WebAuthn.enable");
        await devtools.SendAsync("WebAuthn.addVirtualAuthenticator", new Dictionary<string, object>
        {
            ["options"] = new Dictionary<string, object>
            {
                ["protocol"] = "ctap2", ["transport"] = "internal", ["hasResidentKey"] = true,
                ["hasUserVerification"] = true, ["isUserVerified"] = userVerified,
                ["automaticPresenceSimulation"] = true,
            },
        });
        // An empty page without the policy that forbids scripts. It stands for a client's own page.
        await page.RouteAsync("**/blank", route =>
            route.FulfillAsync(new() { ContentType = "text/html", Body = "<title>client</title>" }));
        await page.GotoAsync(new Uri(address, "/blank").ToString());
        await page.EvaluateAsync(Calls);
        return new(page);
    }

    public Task<JsonElement> Run(string script, params string?[] arguments) =>
        page.EvaluateAsync<JsonElement>(script, arguments);

    public Task<JsonElement> Register(Person person) => Run("""
        async ([token, password]) => {
            const offer = (await call('POST', '/api/me/passkeys/options', { password }, token)).body;
            const credential = await register(offer);
            return await call('POST', '/api/me/passkeys',
                { challenge_id: offer.challenge_id, name: 'My laptop', credential }, token);
        }
        """, Token(person), Person.Password);

    public Task<JsonElement> SignUp(string email) => Run("""
        async ([email]) => {
            const offer = (await call('POST', '/api/auth/passkey/signup/options', { email })).body;
            const credential = await register(offer);
            return await call('POST', '/api/auth/passkey/signup',
                { challenge_id: offer.challenge_id, email, credential });
        }
        """, email);

    public Task<JsonElement> SignIn() => Run("""
        async () => {
            const offer = (await call('POST', '/api/auth/passkey/options')).body;
            const credential = await show(offer);
            window.last = { challenge_id: offer.challenge_id, credential };
            return await call('POST', '/api/auth/passkey', window.last);
        }
        """);

    public static int Status(JsonElement answer) => answer.GetProperty("status").GetInt32();

    public static string? Code(JsonElement answer) => answer.GetProperty("body").GetProperty("code").GetString();

    public static string Token(Person person) => person.Http.DefaultRequestHeaders.Authorization!.Parameter!;
}

/// <summary>A server whose public address is a name at its own port, which passkeys need.</summary>
public sealed class PasskeyFixture(TestCluster cluster) : ServerFixture(cluster)
{
    readonly int _port = Ports.Next();

    protected override string[] Settings =>
        [$"--urls=http://127.0.0.1:{_port}", $"--Identity:PublicUrl=http://localhost:{_port}"];
}
