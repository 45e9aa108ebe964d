using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Attacks;

/// <summary>The attacker uses an authenticator's answer for another purpose than its owner was asked about.</summary>
[Collection(Browser.OneAtATime)]
public sealed class BorrowedPasskeyTests(Browser browser, PasskeyFixture fixture, TestCluster cluster)
    : IClassFixture<PasskeyFixture>
{
    TestServer Server => fixture.Server;

    async Task<Person> Verified(TestServer server)
    {
        var person = await Person.SignUp(server);
        await person.ConfirmAddress();
        return person;
    }

    [Fact]
    public async Task A_challenge_of_a_sign_up_is_no_challenge_of_a_sign_in()
    {
        var person = await Verified(Server);
        var client = await PasskeyClient.Open(browser, Server);
        PasskeyClient.Status(await client.Register(person)).ShouldBe(201);
        // The state of a sign-in with the purpose of a sign-up. Nothing but the purpose differs.
        var options = (await Server.Anonymous().Post("/api/auth/passkey/options")).Is(200);
        await Server.Owner.Statement("update identity.passkey_challenges set purpose = 'sign_up' where id = $1")
            .With(Guid.Parse(options["challenge_id"])).Execute();
        var answer = await client.Run("""
            async ([offer]) => {
                const parsed = JSON.parse(offer);
                return await call('POST', '/api/auth/passkey',
                    { challenge_id: parsed.challenge_id, credential: await show(parsed) });
            }
            """, options.Text);
        (PasskeyClient.Status(answer), PasskeyClient.Code(answer)).ShouldBe((401, "invalid_passkey"));
        PasskeyClient.Status(await client.SignIn()).ShouldBe(200);
    }

    [Fact]
    public async Task A_page_of_an_origin_that_the_settings_do_not_name_is_refused()
    {
        var port = Ports.Next();
        await using var server = await TestServer.Start(await cluster.NewDatabase(),
            $"--urls=http://127.0.0.1:{port}", "--Identity:PublicUrl=http://localhost");
        var client = await PasskeyClient.Open(browser, server);
        var answer = await client.Register(await Verified(server));
        (PasskeyClient.Status(answer), PasskeyClient.Code(answer)).ShouldBe((422, "passkey_refused"));
        await using var allowing = await TestServer.Start(await cluster.NewDatabase(),
            $"--urls=http://127.0.0.1:{port + 1}", "--Identity:PublicUrl=http://localhost",
            $"--Http:AllowedOrigins=http://localhost:{port + 1}");
        var allowed = await PasskeyClient.Open(browser, allowing);
        PasskeyClient.Status(await allowed.Register(await Verified(allowing))).ShouldBe(201);
    }

    [Fact]
    public async Task The_host_header_does_not_choose_the_domain()
    {
        var offer = await Server.Anonymous().Send(HttpMethod.Post, "/api/auth/passkey/options",
            headers: ("Host", "evil.example"));
        offer.Is(200).Body.GetProperty("options").GetProperty("rpId").GetString().ShouldBe("localhost");
    }

    [Fact]
    public async Task The_twenty_first_passkey_is_refused_though_its_options_came_earlier()
    {
        var person = await Verified(Server);
        var client = await PasskeyClient.Open(browser, Server);
        await client.Run("""
            async ([token, password]) => {
                window.offer = (await call('POST', '/api/me/passkeys/options', { password }, token)).body;
                return window.offer;
            }
            """, PasskeyClient.Token(person), Person.Password);
        await Server.Owner.Statement("""
            insert into identity.passkeys (credential_id, user_id, data)
            select decode(md5(n || $1::text), 'hex'), $1, '{}' from generate_series(1, 20) n
            """).With(person.Id).Execute();
        var answer = await client.Run("""
            async ([token]) => await call('POST', '/api/me/passkeys',
                { challenge_id: offer.challenge_id, credential: await register(offer) }, token)
            """, PasskeyClient.Token(person));
        (PasskeyClient.Status(answer), PasskeyClient.Code(answer)).ShouldBe((409, "too_many_passkeys"));
    }

    [Fact]
    public async Task A_long_name_is_refused_before_options_are_made()
    {
        var name = new string('n', 100_000);
        var answer = await Server.Anonymous().Post("/api/auth/passkey/signup/options",
            new { email = "somebody@example.org", full_name = name });
        answer.Is(422, "invalid_fields").Body.GetProperty("errors").TryGetProperty("full_name", out JsonElement _)
            .ShouldBeTrue();
    }
}
