using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Identity.SignIn;

public sealed class SignInTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const string Password = "copper-lantern-42";

    HttpClient Client => fixture.Server.Anonymous();

    static object Person(string name, string? role = null) => role is null
        ? new { email = name + "@example.org", password = Password }
        : new { email = name + "@example.org", password = Password, role };

    [Fact]
    public async Task Signing_up_and_in_gives_tokens_that_open_the_own_account()
    {
        var made = (await Client.Post("/api/auth/signup",
            new { email = "Asha@Example.org", password = Password, full_name = "Āśā Rao" })).Is(201);
        made["role"].ShouldBe("patient");
        made["full_name"].ShouldBe("Āśā Rao");
        made.Header("Cache-Control").ShouldBe("no-store");
        var tokens = (await Client.Post("/api/auth/login", new { email = "asha@example.ORG", password = Password }))
            .Is(200);
        tokens["token_type"].ShouldBe("Bearer");
        tokens.Body.GetProperty("expires_in").GetInt32().ShouldBe(900);
        var me = (await Client.Send(HttpMethod.Get, "/api/me",
            headers: ("Authorization", "Bearer " + tokens["access_token"]))).Is(200);
        me.Id.ShouldBe(made.Id);
    }

    [Fact]
    public async Task The_account_and_its_event_are_one_transaction()
    {
        var made = (await Client.Post("/api/auth/signup", Person("event", "doctor"))).Is(201);
        var action = await fixture.Server.Owner.Statement("select action from audit.events where entity_id = $1")
            .With(made.Id).List(row => row.GetString(0));
        action.ShouldBe(["accounts.signed_up"]);
    }

    [Fact]
    public async Task A_taken_address_is_refused_in_any_case()
    {
        (await Client.Post("/api/auth/signup", Person("taken"))).Is(201);
        (await Client.Post("/api/auth/signup", Person("TAKEN"))).Is(409, "email_already_registered");
    }

    [Fact]
    public async Task Ten_sign_ups_at_once_with_one_address_make_one_account()
    {
        var replies = await Task.WhenAll(Enumerable.Range(0, 10)
            .Select(_ => Client.Post("/api/auth/signup", Person("crowd"))));
        replies.Count(r => r.Status == 201).ShouldBe(1);
        replies.Count(r => r.Status == 409).ShouldBe(9);
    }

    [Theory]
    [InlineData("staff", "role_not_open_to_signup")]
    [InlineData("admin", "role_not_open_to_signup")]
    [InlineData("king", "invalid_fields")]
    public async Task Nobody_signs_up_as_staff_or_admin(string role, string code) =>
        (await Client.Post("/api/auth/signup", Person("boss", role))).Is(422, code);

    [Theory]
    [InlineData("password1", "is among the most common passwords")]
    [InlineData("PASSWORD1", "is among the most common passwords")]
    [InlineData("ｐａｓｓｗｏｒｄ１２３", "is among the most common passwords")]
    [InlineData("Welcome@123", "is among the most common passwords")]
    [InlineData("p-a-s-s-w-o-r-d", "is among the most common passwords")]
    [InlineData("            ", "repeats a few characters")]
    [InlineData("zzzzzzzzzzzzzzq", "repeats a few characters")]
    [InlineData("xy7!xy7!xy7!", "repeats a few characters")]
    [InlineData("short 7", "is shorter than 8 characters")]
    [InlineData("my-Amrutam-login", "contains the name of this product")]
    [InlineData("xx-weakling-xx", "contains the name in your e-mail address")]
    public async Task A_weak_password_is_refused_with_its_reason(string password, string reason)
    {
        var reply = (await Client.Post("/api/auth/signup", new { email = "weakling@example.org", password }))
            .Is(422, "weak_password");
        reply.Body.GetProperty("errors").GetProperty("password")[0].GetString().ShouldBe(reason);
    }

    [Theory]
    [InlineData("no-at-sign")]
    [InlineData("two@at@example.org")]
    [InlineData("a b@example.org")]
    [InlineData("someone@nodot")]
    [InlineData("x\u0000@example.org")]
    [InlineData("local.@example.org")]
    public async Task A_malformed_address_is_refused(string email) =>
        (await Client.Post("/api/auth/signup", new { email, password = Password })).Is(422, "invalid_fields");

    [Fact]
    public async Task A_smuggled_member_changes_nothing() =>
        (await Client.Post("/api/auth/signup",
            new { email = "smuggler@example.org", password = Password, email_verified = true })).Is(400);

    [Fact]
    public async Task A_password_of_256_characters_in_any_script_works_and_257_do_not()
    {
        var longest = string.Concat(Enumerable.Range(0, 256).Select(n => (char)('अ' + n * n % 31)));
        (await Client.Post("/api/auth/signup", new { email = "long@example.org", password = longest })).Is(201);
        (await Client.Post("/api/auth/login", new { email = "long@example.org", password = longest })).Is(200);
        (await Client.Post("/api/auth/signup", new { email = "longer@example.org", password = longest + "औ" }))
            .Is(422, "weak_password");
    }

    [Fact]
    public async Task A_password_is_the_same_however_its_accents_are_typed()
    {
        (await Client.Post("/api/auth/signup", new { email = "accent@example.org", password = "caf\u00e9-lantern" }))
            .Is(201);
        (await Client.Post("/api/auth/login", new { email = "accent@example.org", password = "cafe\u0301-lantern" }))
            .Is(200);
    }

    [Fact]
    public async Task Unknown_wrong_and_suspended_get_the_same_answer()
    {
        (await Client.Post("/api/auth/signup", Person("suspended"))).Is(201);
        (await Client.Post("/api/auth/signup", Person("right"))).Is(201);
        await fixture.Server.Owner.Statement(
            "update identity.users set suspended_at = now() where email like 'suspended@%'").Execute();
        var replies = new[]
        {
            await Client.Post("/api/auth/login", Person("nobody-here")),
            await Client.Post("/api/auth/login", new { email = "right@example.org", password = Password + "x" }),
            await Client.Post("/api/auth/login", Person("suspended")),
        };
        replies.Select(r => r.Is(401, "invalid_credentials")).Select(WithoutTrace).Distinct().Count().ShouldBe(1);
    }

    static string WithoutTrace(Reply reply) =>
        string.Join('|', reply.Body.EnumerateObject().Where(m => m.Name != "trace_id")
            .Select(m => m.Name + "=" + m.Value))
        + string.Join('|', reply.Message.Headers.Where(h => h.Key != "Date")
            .Select(h => h.Key + "=" + string.Join(',', h.Value)));

    [Fact]
    public async Task A_hash_with_fewer_rounds_is_upgraded_at_sign_in()
    {
        await using var server = await TestServer.Start(fixture.Server.Database, costlyPasswords: true);
        using var client = server.Anonymous();
        var made = (await client.Post("/api/auth/signup", Person("old-hash"))).Is(201);
        var old = new Microsoft.AspNetCore.Identity.PasswordHasher<object>(Microsoft.Extensions.Options.Options.Create(
            new Microsoft.AspNetCore.Identity.PasswordHasherOptions { IterationCount = 1000 }))
                .HashPassword(new(), Password);
        await fixture.Server.Owner.Statement("update identity.users set password_hash = $2 where id = $1")
            .With(made.Id).With(old).Execute();
        (await client.Post("/api/auth/login", Person("old-hash"))).Is(200);
        var hash = Convert.FromBase64String(
            (await fixture.Server.Owner.Statement("select password_hash from identity.users where id = $1")
            .With(made.Id).Value<string>())!);
        hash[0].ShouldBe((byte)1, "the format of version 3");
        System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(1)).ShouldBe(2u, "HMAC-SHA512");
        System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(5))
            .ShouldBeGreaterThanOrEqualTo(210_000u);
    }

    [Fact]
    public async Task A_huge_password_costs_no_hashing()
    {
        var tenMegabytes = $$"""{"email": "huge@example.org", "password": "{{new string('x', 10_000_000)}}"}""";
        await using var server = await TestServer.Start(fixture.Server.Database, costlyPasswords: true);
        using var client = server.Anonymous();
        (await client.Send(HttpMethod.Post, "/api/auth/login", tenMegabytes, headers: ("Expect", "100-continue")))
            .Is(413);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var replies = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ =>
            client.Post("/api/auth/login", new { email = "huge@example.org", password = new string('x', 100_000) })));
        replies.ShouldAllBe(r => r.Status == 401);
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(5), "a hundred hashes cost more than that");
    }

    [Fact]
    public async Task The_public_keys_say_what_they_are_for()
    {
        var keys = (await Client.Get("/.well-known/jwks.json")).Is(200);
        var key = keys.Body.GetProperty("keys")[0];
        key.EnumerateObject().ToDictionary(m => m.Name, m => m.Value.GetString()).ShouldSatisfyAllConditions(
            k => k["kty"].ShouldBe("EC"), k => k["crv"].ShouldBe("P-256"), k => k["alg"].ShouldBe("ES256"), k =>
                k.Keys.ShouldNotContain("d"));
    }

    [Fact]
    public async Task A_name_can_be_changed_and_nothing_else()
    {
        var user = await fixture.Server.User("patient");
        (await user.Http.Patch("/api/me", new { full_name = "New Name" })).Is(200)["full_name"].ShouldBe("New Name");
        (await user.Http.Patch("/api/me", new { full_name = "x", role = "admin" })).Is(400);
        (await user.Http.Get("/api/me")).Is(200)["role"].ShouldBe("patient");
    }
}
