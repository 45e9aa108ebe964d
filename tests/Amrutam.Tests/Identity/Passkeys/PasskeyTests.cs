using System.Text.Json;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.Playwright;

namespace Amrutam.Tests.Identity.Passkeys;

/// <summary>Passkeys in a real browser.</summary>
[Collection(Browser.OneAtATime)]
public sealed class PasskeyTests(Browser browser, PasskeyFixture fixture) : IClassFixture<PasskeyFixture>
{
    TestServer Server => fixture.Server;

    Task<PasskeyClient> Client(bool userVerified = true) => PasskeyClient.Open(browser, Server, userVerified);

    static int Status(JsonElement answer) => PasskeyClient.Status(answer);

    async Task<Person> Verified()
    {
        var person = await Person.SignUp(Server);
        await person.ConfirmAddress();
        return person;
    }

    [Fact]
    public async Task A_passkey_is_registered_listed_named_used_and_removed()
    {
        var person = await Verified();
        var client = await Client();
        var made = await client.Register(person);
        Status(made).ShouldBe(201, made.ToString());
        var listed = (await person.Http.Get("/api/me/passkeys")).Is(200).Body.GetProperty("items")[0];
        listed.GetProperty("name").GetString().ShouldBe("My laptop");
        var id = listed.GetProperty("id").GetString();
        (await person.Http.Patch("/api/me/passkeys/" + id, new { name = "Old laptop" }))
            .Is(200)["name"].ShouldBe("Old laptop");
        var signedIn = await client.SignIn();
        Status(signedIn).ShouldBe(200, signedIn.ToString());
        var me = await Server.Anonymous().Send(HttpMethod.Get, "/api/me",
            headers: ("Authorization", "Bearer " + signedIn.GetProperty("body").GetProperty("access_token")
                .GetString()));
        me.Is(200).Id.ShouldBe(person.Id);
        (await person.Http.Send(HttpMethod.Delete, "/api/me/passkeys/" + id, new { }))
            .Is(403, "reauthentication_required");
        (await person.Http.Send(HttpMethod.Delete, "/api/me/passkeys/" + id, new { password = Person.Password }))
            .Is(204);
        Status(await client.SignIn()).ShouldBe(401);
    }

    [Fact]
    public async Task An_answer_is_taken_once()
    {
        var person = await Verified();
        var client = await Client();
        await client.Register(person);
        Status(await client.SignIn()).ShouldBe(200);
        var again = await client.Run("() => call('POST', '/api/auth/passkey', window.last)");
        Status(again).ShouldBe(401);
        again.GetProperty("body").GetProperty("code").GetString().ShouldBe("invalid_passkey");
    }

    [Fact]
    public async Task A_passkey_can_be_the_only_credential()
    {
        var client = await Client();
        var email = Guid.CreateVersion7().ToString("N") + "@example.org";
        var made = await client.SignUp(email);
        Status(made).ShouldBe(201, made.ToString());
        (await Server.Anonymous().Post("/api/auth/login", new { email, password = Person.Password }))
            .Is(401, "invalid_credentials");
        var signedIn = await client.SignIn();
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
    public async Task A_locked_authenticator_signs_nobody_in()
    {
        var person = await Verified();
        var client = await Client(userVerified: false);
        (await Should.ThrowAsync<PlaywrightException>(() => client.Register(person)))
            .Message.ShouldContain("NotAllowedError");
    }

    [Fact]
    public async Task A_passkey_counts_as_a_second_factor()
    {
        var person = await Verified();
        await person.Enrol();
        var client = await Client();
        await client.Register(person);
        Status(await client.SignIn()).ShouldBe(200);
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
    /// <summary>Moves the time of the sign-in an hour into the past.</summary>
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
