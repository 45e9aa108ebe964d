using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Servers;
using OtpNet;

namespace Amrutam.Tests.Support;

/// <summary>A person who signed up over HTTP with a password, and the calls on their account.</summary>
sealed class Person(TestServer server, string email)
{
    public const string Password = "copper-lantern-42";

    /// <summary>The lifetime of a code in an authenticator app, in seconds.</summary>
    public const int TotpSeconds = 30;

    public string Email => email;

    public Guid Id { get; private set; }

    public HttpClient Http { get; private set; } = null!;

    public string RefreshToken { get; private set; } = "";

    public static async Task<Person> SignUp(TestServer server, string? name = null, string role = "patient")
    {
        var person = new Person(server, (name ?? "p" + Guid.CreateVersion7().ToString("N")) + "@example.org");
        var made = await server.Anonymous()
            .Post("/api/auth/signup", new
            {
                email = person.Email, password = Password, role,
                full_name = "Test Person"
            });
        person.Id = made.Is(201).Id;
        await person.SignIn();
        return person;
    }

    /// <summary>Makes an admin in the database, because nobody signs up as one.</summary>
    public static async Task<Person> Admin(TestServer server)
    {
        var person = await SignUp(server);
        await server.Owner.Statement("update identity.users set role = 'admin' where id = $1").With(person.Id)
            .Execute();
        await person.SignIn();
        return person;
    }

    public Task<Reply> TryToSignIn(string? password = null, string? totp = null, string? recovery = null) =>
        server.Anonymous()
        .Post("/api/auth/login", new
        {
            email, password = password ?? Password, totp_code = totp,
            recovery_code = recovery
        });

    public async Task<Reply> SignIn(string? password = null, string? totp = null) =>
        Use((await TryToSignIn(password, totp)).Is(200));

    public Reply Use(Reply tokens)
    {
        Http = server.Anonymous();
        Http.DefaultRequestHeaders.Authorization = new("Bearer", tokens["access_token"]);
        RefreshToken = tokens["refresh_token"];
        return tokens;
    }

    /// <summary>Signs in again with another client. This client keeps its session.</summary>
    public async Task<HttpClient> Elsewhere(string device = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
    {
        var client = server.Anonymous();
        client.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", device);
        var tokens = (await client.Post("/api/auth/login", new { email, password = Password })).Is(200);
        client.DefaultRequestHeaders.Authorization = new("Bearer", tokens["access_token"]);
        return client;
    }

    /// <summary>Marks the address as confirmed. The tests of confirmation follow the link instead.</summary>
    public Task ConfirmAddress() => server.Owner
        .Statement("update identity.users set email_confirmed = true where id = $1").With(Id).Execute();

    /// <summary>Enrols an authenticator app and continues with the session that has the second factor.</summary>
    public async Task<(byte[] Secret, string[] Codes)> Enrol()
    {
        await ConfirmAddress();
        var offer = (await Http.Post("/api/me/second-factor", new { password = Password })).Is(200);
        var secret = Base32Encoding.ToBytes(offer["secret"]);
        var done = (await Http.Post("/api/me/second-factor/confirmation", new { totp_code = await CodeBefore(secret) }))
            .Is(200);
        Use(done);
        return (secret, [.. done.Body.GetProperty("recovery_codes").EnumerateArray().Select(c => c.GetString()!)]);
    }

    /// <summary>The code before the present one, so that the present one is unused.</summary>
    public static async Task<string> CodeBefore(byte[] secret)
    {
        // At the end of its step a code could be two steps old when it arrives, and invalid.
        const int OnTheWay = 5;
        var left = TotpSeconds - TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() % TotpSeconds;
        if (left < OnTheWay) await Task.Delay(TimeSpan.FromSeconds(left));
        return CodeNow(secret, -1);
    }

    public static string CodeNow(byte[] secret, int steps = 0) =>
        new Totp(secret).ComputeTotp(TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(steps * TotpSeconds));
}
