using System.Diagnostics;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Identity.SignIn;

/// <summary>The changes that need a fresh proof. A proof counts for its own request only.</summary>
public sealed class ReauthenticationTests(ServerFixture fixture, TestCluster cluster) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    Task<int> MakeOld(Person person) => Server.Owner
        .Statement("update identity.sessions set created_at = now() - interval '6 minutes' where user_id = $1")
        .With(person.Id).Execute();

    [Fact]
    public async Task A_proof_needs_the_second_factor_too()
    {
        var person = await Person.SignUp(Server);
        var (secret, codes) = await person.Enrol();
        await MakeOld(person);
        var password = Person.Password;
        foreach (var (method, path, body) in new (HttpMethod, string, object)[]
        {
            (HttpMethod.Post, "/api/me/password", new { password, new_password = "brass-kettle-7" }),
            (HttpMethod.Post, "/api/me/email", new { password, email = "new@example.org" }),
            (HttpMethod.Delete, "/api/me/second-factor", new { password }),
            (HttpMethod.Post, "/api/me/second-factor/recovery-codes", new { password }),
            (HttpMethod.Post, "/api/me/passkeys/options", new { password }),
            (HttpMethod.Delete, "/api/me", new { password }),
        }) (await person.Http.Send(method, path, body)).Is(403, "reauthentication_required");
        (await person.Http.Send(HttpMethod.Delete, "/api/me/second-factor", new { password, totp_code = "000000" }))
            .Is(422, "wrong_code");
        (await person.Http.Post("/api/me/passkeys/options", new { password, totp_code = Person.CodeNow(secret) }))
            .Is(200);
        (await person.Http.Send(HttpMethod.Delete, "/api/me/second-factor", new { password, recovery_code = codes[0] }))
            .Is(204);
    }

    [Fact]
    public async Task Ending_sessions_is_asked_again_unless_one_signed_in_a_moment_ago()
    {
        var person = await Person.SignUp(Server);
        await person.Elsewhere();
        await MakeOld(person);
        (await person.Http.Delete("/api/me/sessions")).Is(403, "reauthentication_required");
        (await person.Http.Delete("/api/me/sessions/" + Guid.CreateVersion7())).Is(403, "reauthentication_required");
        (await person.Http.Send(HttpMethod.Delete, "/api/me/sessions", new { password = Person.Password })).Is(204);
        await person.SignIn();
        (await person.Http.Delete("/api/me/sessions")).Is(204);
    }

    [Fact]
    public async Task Enrolling_a_second_factor_ends_every_session_and_begins_one()
    {
        var person = await Person.SignUp(Server);
        var (elsewhere, before, refresh) = (await person.Elsewhere(), person.Http, person.RefreshToken);
        await person.Enrol();
        (await before.Get("/api/me")).Is(401);
        (await elsewhere.Get("/api/me")).Is(401);
        (await Server.Anonymous().Post("/api/auth/refresh", new { refresh_token = refresh })).Is(401);
        (await person.Http.Get("/api/me")).Is(200);
        (await Server.Anonymous().Post("/api/auth/refresh", new { refresh_token = person.RefreshToken })).Is(200);
        await Mailbox.Letter(person.Email, "A second factor was added");
    }

    [Fact]
    public async Task Right_answers_are_not_counted_as_failures()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase(),
            "--Limits:SignInFailuresPerAccount=3");
        var person = await Person.SignUp(server);
        await person.ConfirmAddress();
        for (var i = 0; i < 8; i++)
            (await person.Http.Post("/api/me/passkeys/options", new { password = Person.Password })).Is(200);
    }

    [Fact]
    public async Task A_made_up_token_costs_no_hashing()
    {
        var clock = Stopwatch.StartNew();
        var replies = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Server.Anonymous()
            .Post("/api/auth/password-reset/confirmation",
                new { token = new string('A', 40) + i, password = "brass-kettle-7" })));
        replies.ShouldAllBe(r => r.Code == "invalid_token");
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10), "two hundred hashes cost more than that");
    }

    [Fact]
    public async Task An_admin_removes_a_lost_second_factor_after_a_proof_of_identity()
    {
        var admin = await Person.Admin(Server);
        var person = await Person.SignUp(Server);
        await person.Enrol();
        var path = $"/api/admin/users/{person.Id}/second-factor";
        (await admin.Http.Send(HttpMethod.Delete, path, new { shown = "they said so", password = Person.Password }))
            .Is(422, "invalid_fields");
        (await admin.Http.Send(HttpMethod.Delete, path, new { shown = "by_video" }))
            .Is(403, "reauthentication_required");
        var proof = new { shown = "by_video", password = Person.Password };
        (await admin.Http.Send(HttpMethod.Delete, path, proof)).Is(204);
        (await person.Http.Get("/api/me")).Is(401);
        (await person.TryToSignIn()).Is(200);
        (await person.TryToSignIn("wrong-guess-1")).Is(401, "invalid_credentials");
        await Mailbox.Letter(person.Email, "Your second factor was removed by us");
        (await Server.Owner.Statement("""
            select details ->> 'shown' from audit.events
             where action = 'second_factors.removed' and entity_id = $1 and actor_id = $2
            """).With(person.Id).With(admin.Id).Value<string>()).ShouldBe("by_video");
        (await admin.Http.Send(HttpMethod.Delete, path, proof)).Is(409, "no_second_factor");
        (await admin.Http.Send(HttpMethod.Delete, $"/api/admin/users/{admin.Id}/second-factor", proof))
            .Is(422, "own_account");
        (await admin.Http.Send(HttpMethod.Delete, $"/api/admin/users/{Guid.CreateVersion7()}/second-factor", proof))
            .Is(404);
    }
}
