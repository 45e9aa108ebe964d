using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Attacks;

/// <summary>The attacker has an admin's open session, or was an admin, and wants power that lasts.</summary>
public sealed class LastingPowerTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    static string Address() => Guid.CreateVersion7().ToString("N") + "@example.org";

    Task<Reply> Accept(string token) => Server.Anonymous()
        .Post("/api/auth/invitations/acceptance", new { token, password = Person.Password });

    [Fact]
    public async Task An_open_session_alone_changes_no_role_suspends_nobody_and_invites_nobody()
    {
        var (admin, person) = (await Person.Admin(Server), await Server.User("patient"));
        var users = "/api/admin/users/" + person.Id;
        (await admin.Http.Patch(users, new { role = "admin" })).Is(403, "reauthentication_required");
        (await admin.Http.Patch(users, new { suspended = true })).Is(403, "reauthentication_required");
        (await admin.Http.Patch(users, new { role = "admin", password = "wrong-guess-1" })).Is(422, "wrong_password");
        (await admin.Http.Post("/api/admin/invitations", new { email = Address(), role = "admin" }))
            .Is(403, "reauthentication_required");
        (await admin.Http.Patch(users, new { suspended = true, password = Person.Password })).Is(200);
        (await admin.Http.Post("/api/admin/invitations",
            new { email = Address(), role = "admin", password = Person.Password })).Is(201);
    }

    [Fact]
    public async Task A_person_hears_of_a_new_role_and_a_suspension_and_the_admins_of_a_new_admin()
    {
        var (admin, other) = (await Server.User("admin"), await Server.User("admin"));
        var person = await Server.User("patient");
        var address = person.Id + "@example.org";
        (await admin.Http.Patch("/api/admin/users/" + person.Id, new { role = "admin" })).Is(200);
        (await Mailbox.Letter(address, "Your role was changed")).TextBody!.ShouldContain("admin");
        (await Mailbox.Letter(other.Id + "@example.org", "There is a new administrator")).TextBody!
            .ShouldContain(address);
        (await admin.Http.Patch("/api/admin/users/" + person.Id, new { suspended = true })).Is(200);
        await Mailbox.Letter(address, "Your account was suspended");
        (await admin.Http.Patch("/api/admin/users/" + person.Id, new { suspended = false })).Is(200);
        await Mailbox.Letter(address, "Your account was restored");
    }

    [Fact]
    public async Task The_admins_hear_of_an_admin_who_accepts_an_invitation()
    {
        var (admin, other) = (await Server.User("admin"), await Server.User("admin"));
        var email = Address();
        (await admin.Http.Post("/api/admin/invitations", new { email, role = "admin" })).Is(201);
        (await Accept(await Mailbox.Token(email, "You are invited to Amrutam"))).Is(201);
        (await Mailbox.Letter(other.Id + "@example.org", "There is a new administrator")).TextBody!
            .ShouldContain(email);
    }

    [Theory]
    [InlineData("update identity.users set role = 'doctor' where id = $1")]
    [InlineData("update identity.users set suspended_at = now() where id = $1")]
    [InlineData("update identity.users set deletion_due_at = now() + interval '1 day' where id = $1")]
    public async Task An_invitation_ends_with_its_senders_right_to_invite(string loss)
    {
        var (sender, other) = (await Server.User("admin"), await Server.User("admin"));
        var email = Address();
        (await sender.Http.Post("/api/admin/invitations", new { email, role = "admin" })).Is(201);
        var token = await Mailbox.Token(email, "You are invited to Amrutam");
        await Server.Owner.Statement(loss).With(sender.Id).Execute();
        (await Accept(token)).Is(422, "invalid_token");
        (await other.Http.Get("/api/admin/invitations")).Is(200).All("email").ShouldNotContain(email);
        (await other.Http.Post("/api/admin/invitations", new { email, role = "doctor" })).Is(201);
        (await Accept(token)).Is(422, "invalid_token");
        await Server.Owner.Statement("update identity.users set suspended_at = now() where id = $1").With(sender.Id)
            .Execute();
    }

    [Fact]
    public async Task An_open_invitation_is_listed_and_withdrawn_and_an_address_has_one()
    {
        var admin = await Server.User("admin");
        var email = Address();
        var sent = (await admin.Http.Post("/api/admin/invitations", new { email, role = "admin" })).Is(201);
        (await admin.Http.Post("/api/admin/invitations", new { email = email.ToUpperInvariant(), role = "doctor" }))
            .Is(409, "invitation_already_open");
        var token = await Mailbox.Token(email, "You are invited to Amrutam");
        (await admin.Http.Get("/api/admin/invitations")).Is(200).Ids().ShouldContain(sent.Id);
        (await admin.Http.Delete("/api/admin/invitations/" + sent.Id)).Is(204);
        (await admin.Http.Delete("/api/admin/invitations/" + sent.Id)).Is(404);
        (await admin.Http.Get("/api/admin/invitations")).Is(200).Ids().ShouldNotContain(sent.Id);
        (await Accept(token)).Is(422, "invalid_token");
        (await admin.Http.Post("/api/admin/invitations", new { email, role = "doctor" })).Is(201);
        (await Server.Owner.Statement("""
            select count(*) from audit.events where action = 'invitations.withdrawn' and entity_id = $1
            """).With(sent.Id).Value<long>()).ShouldBe(1);
    }

    [Fact]
    public async Task An_expired_invitation_does_not_stand_in_the_way_of_a_new_one()
    {
        var admin = await Server.User("admin");
        var email = Address();
        var sent = (await admin.Http.Post("/api/admin/invitations", new { email, role = "admin" })).Is(201);
        var token = await Mailbox.Token(email, "You are invited to Amrutam");
        await Server.Owner.Statement("update identity.invitations set expires_at = now() where id = $1").With(sent.Id)
            .Execute();
        (await Accept(token)).Is(422, "invalid_token");
        (await admin.Http.Get("/api/admin/invitations")).Is(200).Ids().ShouldNotContain(sent.Id);
        (await admin.Http.Post("/api/admin/invitations", new { email, role = "admin" })).Is(201);
    }
}
