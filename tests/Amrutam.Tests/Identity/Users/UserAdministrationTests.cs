using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Identity.Users;

public sealed class UserAdministrationTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task An_admin_finds_accounts_by_a_part_of_name_or_address()
    {
        var admin = await Server.User("admin");
        var sought = await Server.User("doctor", "Meenakshi Iyer");
        var found = (await admin.Http.Get("/api/admin/users?q=nakshi")).Is(200);
        found.Body.GetProperty("items").EnumerateArray().Select(u => u.GetProperty("id").GetGuid())
            .ShouldBe([sought.Id]);
        (await admin.Http.Get("/api/admin/users?q=nakshi&role=patient")).Body.GetProperty("items").GetArrayLength()
            .ShouldBe(0);
        (await admin.Http.Get("/api/admin/users?q=%25%25%25")).Body.GetProperty("items").GetArrayLength().ShouldBe(0);
        (await admin.Http.Get("/api/admin/users?role=king")).Is(422);
    }

    [Fact]
    public async Task The_list_has_pages()
    {
        var admin = await Server.User("admin");
        for (var i = 0; i < 5; i++) await Server.User("patient", "Paged Person");
        var ids = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await admin.Http.Get("/api/admin/users?q=paged&limit=2"
                + (cursor is null ? "" : "&cursor=" + cursor))).Is(200);
            ids.AddRange(page.Body.GetProperty("items").EnumerateArray().Select(u => u.GetProperty("id").GetString()!));
            cursor = page.Body.GetProperty("next_cursor").GetString();
        }
        while (cursor is not null);
        ids.Count.ShouldBe(5);
        ids.ShouldBeUnique();
    }

    [Fact]
    public async Task A_suspended_account_is_out_at_once_and_back_when_restored()
    {
        var admin = await Server.User("admin");
        var person = await Person.SignUp(Server);
        (await admin.Http.Patch("/api/admin/users/" + person.Id, new { suspended = true }))
            .Is(200)["suspended"].ShouldBe("True");
        (await person.Http.Get("/api/me")).Is(401);
        (await person.TryToSignIn()).Is(401, "invalid_credentials");
        (await Server.Anonymous().Post("/api/auth/refresh", new { refresh_token = person.RefreshToken })).Is(401);
        (await admin.Http.Patch("/api/admin/users/" + person.Id, new { suspended = false })).Is(200);
        await person.SignIn();
        (await person.Http.Get("/api/me")).Is(200);
    }

    [Fact]
    public async Task An_account_that_is_suspended_during_its_sign_in_stays_out()
    {
        var person = await Person.SignUp(Server);
        await using var connection = await Server.Owner.OpenConnectionAsync();
        await using var suspending = await connection.BeginTransactionAsync();
        await connection.Statement("""
            update identity.users set suspended_at = now(), security_stamp = 'changed' where id = $1
            """).With(person.Id).Execute();
        var signingIn = person.TryToSignIn();
        await Server.Owner.UntilOneWaitsForALock("%begun as%");
        await suspending.CommitAsync();
        (await signingIn).Is(401, "invalid_credentials");
    }

    [Fact]
    public async Task A_changed_role_ends_the_sessions_that_state_the_old_one()
    {
        var admin = await Server.User("admin");
        var person = await Person.SignUp(Server);
        (await admin.Http.Patch("/api/admin/users/" + person.Id, new { role = "doctor" }))
            .Is(200)["role"].ShouldBe("doctor");
        (await person.Http.Get("/api/me")).Is(401);
        await person.SignIn();
        (await person.Http.Get("/api/me"))["role"].ShouldBe("doctor");
    }

    [Fact]
    public async Task Sessions_of_an_account_can_be_ended()
    {
        var (admin, person) = (await Server.User("admin"), await Person.SignUp(Server));
        (await admin.Http.Delete($"/api/admin/users/{person.Id}/sessions")).Is(204);
        (await person.Http.Get("/api/me")).Is(401);
        (await admin.Http.Delete($"/api/admin/users/{Guid.CreateVersion7()}/sessions")).Is(404);
    }

    [Fact]
    public async Task Each_change_is_an_event_with_its_actor()
    {
        var (admin, person) = (await Server.User("admin"), await Server.User("patient"));
        await admin.Http.Patch("/api/admin/users/" + person.Id, new { role = "doctor", suspended = true });
        var events = await Server.Owner.Statement("""
            select action || coalesce(' ' || (details ->> 'from') || '>' || (details ->> 'to'), '') from audit.events
             where actor_id = $1 and entity_id = $2 order by position
            """).With(admin.Id).With(person.Id).List(row => row.GetString(0));
        events.ShouldBe(["accounts.role_changed patient>doctor", "accounts.suspended"]);
    }

    [Theory]
    [InlineData("doctor", "a doctor")]
    [InlineData("staff", "a member of staff")]
    [InlineData("admin", "an administrator")]
    public async Task Somebody_who_is_invited_chooses_a_password_and_has_the_role(string role, string title)
    {
        var admin = await Server.User("admin");
        var email = Guid.CreateVersion7().ToString("N") + "@example.org";
        (await admin.Http.Post("/api/admin/invitations", new { email, role = "patient" })).Is(422);
        (await admin.Http.Post("/api/admin/invitations", new { email, role })).Is(201);
        (await Mailbox.Letter(email, "You are invited to Amrutam")).Body().ShouldContain("as " + title + ".");
        var token = await Mailbox.Token(email, "You are invited to Amrutam");
        var weak = new { token, password = "password1" };
        (await Server.Anonymous().Post("/api/auth/invitations/acceptance", weak)).Is(422, "weak_password");
        var taken = new { token, password = Person.Password };
        (await Server.Anonymous().Post("/api/auth/invitations/acceptance", taken)).Is(201)["role"].ShouldBe(role);
        (await Server.Anonymous().Post("/api/auth/invitations/acceptance", taken)).Is(422, "invalid_token");
        (await Server.Anonymous().Post("/api/auth/login", new { email, password = Person.Password })).Is(200);
    }

    [Fact]
    public async Task A_smuggled_password_is_refused()
    {
        var (admin, person) = (await Server.User("admin"), await Server.User("patient"));
        (await admin.Http.Patch("/api/admin/users/" + person.Id, new { password_hash = "brass-kettle-7" })).Is(400);
    }
}

/// <summary>One admin always stays, also when two leave at the same moment.</summary>
public sealed class LastAdminTests(TestCluster cluster) : IAsyncLifetime
{
    TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.Start(await cluster.NewDatabase());

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task The_last_admin_can_neither_step_down_nor_suspend_themself_nor_leave()
    {
        var admin = await Person.Admin(_server);
        var password = Person.Password;
        (await admin.Http.Patch("/api/admin/users/" + admin.Id, new { role = "patient", password }))
            .Is(409, "last_admin");
        (await admin.Http.Patch("/api/admin/users/" + admin.Id, new { suspended = true, password }))
            .Is(409, "last_admin");
        (await admin.Http.Send(HttpMethod.Delete, "/api/me", new { password = Person.Password })).Is(409, "last_admin");
        await _server.User("admin");
        (await admin.Http.Patch("/api/admin/users/" + admin.Id, new { role = "patient", password })).Is(200);
    }

    [Fact]
    public async Task Of_two_admins_who_remove_each_other_at_once_one_stays()
    {
        for (var i = 0; i < 10; i++)
        {
            await _server.Owner.Statement("update identity.users set role = 'patient'").Execute();
            var (one, other) = (await _server.User("admin"), await _server.User("admin"));
            var replies = await Task.WhenAll(
                one.Http.Patch("/api/admin/users/" + other.Id, new { role = "patient" }),
                other.Http.Patch("/api/admin/users/" + one.Id, new { suspended = true }));
            replies.Count(r => r.Status == 200).ShouldBe(1);
            (await _server.Owner.Statement("""
                select count(*) from identity.users where role = 'admin' and suspended_at is null
                """)
                .Value<long>()).ShouldBe(1);
        }
    }
}
