using System.Diagnostics;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using MimeKit;

namespace Amrutam.Tests.Identity.EmailLinks;

public sealed class EmailLinkTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    Task<Reply> Post(string path, object body) => Server.Anonymous().Post(path, body);

    [Fact]
    public async Task An_address_is_verified_by_the_letter_that_came_to_it()
    {
        var person = await Person.SignUp(Server);
        (await person.Http.Get("/api/me"))["email_verified"].ShouldBe("False");
        var token = await Mailbox.Token(person.Email, "Confirm your e-mail address");
        (await Post("/api/auth/email-verification", new { token })).Is(204);
        (await person.Http.Get("/api/me"))["email_verified"].ShouldBe("True");
        (await Post("/api/auth/email-verification", new { token })).Is(422, "invalid_token");
    }

    [Fact]
    public async Task A_new_letter_takes_the_place_of_the_earlier()
    {
        var person = await Person.SignUp(Server);
        var first = await Mailbox.Token(person.Email, "Confirm your e-mail address");
        (await person.Http.Post("/api/me/email-verification")).Is(202);
        (await Post("/api/auth/email-verification", new { token = first })).Is(422, "invalid_token");
    }

    [Fact]
    public async Task A_password_reset_ends_every_session()
    {
        var person = await Person.SignUp(Server);
        (await Post("/api/auth/password-reset", new { email = person.Email.ToUpperInvariant() })).Is(202);
        var token = await Mailbox.Token(person.Email, "Choose a new password");
        (await Post("/api/auth/password-reset/confirmation", new { token, password = "password1" }))
            .Is(422, "weak_password");
        (await Post("/api/auth/password-reset/confirmation", new { token, password = person.Email }))
            .Is(422, "weak_password");
        (await Post("/api/auth/password-reset/confirmation", new { token, password = "brass-kettle-7" })).Is(204);
        (await person.Http.Get("/api/me")).Is(401);
        (await Post("/api/auth/refresh", new { refresh_token = person.RefreshToken })).Is(401);
        (await person.TryToSignIn()).Is(401);
        (await person.TryToSignIn("brass-kettle-7")).Is(200);
        (await Post("/api/auth/password-reset/confirmation", new { token, password = "brass-kettle-8" }))
            .Is(422, "invalid_token");
        await Mailbox.Letter(person.Email, "Your password was changed");
    }

    [Fact]
    public async Task A_reset_does_not_go_round_the_second_factor()
    {
        var person = await Person.SignUp(Server);
        await person.Enrol();
        await Post("/api/auth/password-reset", new { email = person.Email });
        var token = await Mailbox.Token(person.Email, "Choose a new password");
        (await Post("/api/auth/password-reset/confirmation", new { token, password = "brass-kettle-7" })).Is(204);
        (await person.TryToSignIn("brass-kettle-7")).Is(401, "mfa_required");
    }

    [Theory]
    [InlineData("update identity.mailed_tokens set expires_at = now() where user_id = $1")]
    [InlineData("update identity.users set security_stamp = 'changed' where id = $1")]
    public async Task A_token_is_void_when_it_is_old_and_when_the_account_has_changed(string change)
    {
        var person = await Person.SignUp(Server);
        await Post("/api/auth/password-reset", new { email = person.Email });
        var token = await Mailbox.Token(person.Email, "Choose a new password");
        await Server.Owner.Statement(change).With(person.Id).Execute();
        (await Post("/api/auth/password-reset/confirmation", new { token, password = "brass-kettle-7" }))
            .Is(422, "invalid_token");
    }

    [Fact]
    public async Task A_token_is_for_one_purpose()
    {
        var person = await Person.SignUp(Server);
        var token = await Mailbox.Token(person.Email, "Confirm your e-mail address");
        (await Post("/api/auth/password-reset/confirmation", new { token, password = "brass-kettle-7" }))
            .Is(422, "invalid_token");
    }

    [Fact]
    public async Task Asking_for_an_unknown_address_is_answered_alike()
    {
        var person = await Person.SignUp(Server);
        var known = (await Post("/api/auth/password-reset", new { email = person.Email })).Is(202);
        var unknown = (await Post("/api/auth/password-reset", new { email = "nobody-here@example.org" })).Is(202);
        known.Text.ShouldBe(unknown.Text);
        (await Post("/api/auth/password-reset", new { email = "not an address" })).Is(202);
    }

    [Fact]
    public async Task The_database_shows_neither_letters_nor_tokens()
    {
        var person = await Person.SignUp(Server);
        var token = await Mailbox.Token(person.Email, "Confirm your e-mail address");
        var rows = await Server.Owner.Statement("select t::text from identity.mailed_tokens t")
            .List(row => row.GetString(0));
        rows.ShouldNotBeEmpty();
        rows.ShouldAllBe(row =>
            !row.Contains(token) && !row.Contains(Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(token))));
    }

    [Fact]
    public async Task A_changed_password_ends_every_session_and_begins_one()
    {
        var person = await Person.SignUp(Server);
        var elsewhere = await person.Elsewhere();
        (await person.Http.Post("/api/me/password", new { new_password = "brass-kettle-7" }))
            .Is(403, "reauthentication_required");
        (await person.Http.Post("/api/me/password",
            new { password = "wrong-guess-1", new_password = "brass-kettle-7" })).Is(422, "wrong_password");
        (await person.Http.Post("/api/me/password", new { password = Person.Password, new_password = "password1" }))
            .Is(422, "weak_password");
        var old = person.Http;
        person.Use((await person.Http.Post("/api/me/password",
            new { password = Person.Password, new_password = "brass-kettle-7" })).Is(200));
        (await old.Get("/api/me")).Is(401);
        (await elsewhere.Get("/api/me")).Is(401);
        (await person.Http.Get("/api/me")).Is(200);
        (await person.TryToSignIn()).Is(401);
    }

    [Fact]
    public async Task A_new_address_is_confirmed_first_and_the_old_one_gets_a_letter()
    {
        var person = await Person.SignUp(Server);
        var wanted = "new-" + person.Email;
        (await person.Http.Post("/api/me/email", new { email = wanted, password = Person.Password })).Is(202);
        await Mailbox.Letter(person.Email, "Your e-mail address is being changed");
        (await person.Http.Get("/api/me"))["email"].ShouldBe(person.Email);
        var token = await Mailbox.Token(wanted, "Confirm your new e-mail address");
        (await Post("/api/auth/email-change", new { token })).Is(204);
        (await person.Http.Get("/api/me")).Is(401);
        (await person.TryToSignIn()).Is(401);
        person.Use((await Post("/api/auth/login", new { email = wanted, password = Person.Password })).Is(200));
        (await person.Http.Get("/api/me"))["email"].ShouldBe(wanted);
    }

    [Fact]
    public async Task Changing_to_anothers_address_looks_the_same_and_sends_them_nothing()
    {
        var (person, other) = (await Person.SignUp(Server), await Person.SignUp(Server));
        (await person.Http.Post("/api/me/email", new { email = other.Email, password = Person.Password })).Is(202);
        await Mailbox.Letter(person.Email, "Your e-mail address is being changed");
        await Outbox.AllTried(Server.Owner);
        Mailbox.All().ShouldNotContain(l => l.IsTo(other.Email) && l.Subject == "Confirm your new e-mail address");
    }
}

public sealed class MailServerTests(TestCluster cluster)
{
    [Fact]
    public async Task Nobody_can_fill_an_inbox_by_asking_for_new_passwords()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase(), "--Limits:MailsPerAddress=100");
        var person = await Person.SignUp(server);
        for (var i = 0; i < 10; i++)
            (await server.Anonymous().Post("/api/auth/password-reset", new { email = person.Email })).Is(202);
        (await server.Owner.Statement("""
            select count(*) from audit.events where entity_id = $1 and action = 'password_resets.requested'
            """).With(person.Id).Value<long>()).ShouldBe(3);
    }

    static string[] Smtp(int port) =>
        ["--Mail:Host=127.0.0.1", $"--Mail:Port={port}", "--Mail:Tls=none", "--Mail:From=care@example.org",
            "--Mail:PermittedReceivers=@example.org"];

    [Fact]
    public async Task Letters_go_through_a_real_mail_server()
    {
        await using var mail = await MailServer.Start();
        await using var server = await TestServer.Start(await cluster.NewDatabase(), Smtp(mail.Port));
        var person = await Person.SignUp(server);
        var letter = await Mailbox.Letter(person.Email, "Confirm your e-mail address", mail);
        letter.From.ToString().ShouldBe("care@example.org");
        letter.Headers[HeaderId.AutoSubmitted].ShouldBe("auto-generated");
        var token = await Mailbox.Token(person.Email, "Confirm your e-mail address", mail);
        (await server.Anonymous().Post("/api/auth/email-verification", new { token })).Is(204);
    }

    [Fact]
    public async Task A_server_that_is_away_costs_nobody_time_and_gets_the_letter_later()
    {
        var port = Ports.Next();
        await using var server = await TestServer.Start(await cluster.NewDatabase(), Smtp(port));
        var person = await Person.SignUp(server);
        var clock = Stopwatch.StartNew();
        (await server.Anonymous().Post("/api/auth/password-reset", new { email = person.Email })).Is(202);
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(5));
        await Outbox.AllTried(server.Owner);
        await using var mail = await MailServer.Start(port);
        await server.Owner.Statement("update notifications.outgoing_mails set next_attempt_at = now()").Execute();
        await Mailbox.Letter(person.Email, "Choose a new password", mail);
    }

    [Fact]
    public async Task A_letter_that_cannot_be_opened_is_parked_and_those_behind_it_are_sent()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase());
        await server.Owner.Statement("""
            insert into notifications.outgoing_mails (id, sealed, next_attempt_at)
            values ($1, 'broken', now() - interval '1 hour')
            """).With(Guid.CreateVersion7()).Execute();
        var person = await Person.SignUp(server);
        await Mailbox.Letter(person.Email, "Confirm your e-mail address");
        (await server.Owner.Statement("select parked_because from notifications.outgoing_mails").List(row =>
            row.GetString(0))).ShouldBe(["unreadable"]);
    }

    [Fact]
    public async Task Two_replicas_send_each_letter_once()
    {
        await using var mail = await MailServer.Start();
        var database = await cluster.NewDatabase();
        await using var one = await TestServer.Start(database, Smtp(mail.Port));
        await using var other = await TestServer.Start(database, Smtp(mail.Port));
        var people = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Person.SignUp(one)));
        foreach (var person in people) await Mailbox.Letter(person.Email, "Confirm your e-mail address", mail);
        await Outbox.AllTried(one.Owner);
        mail.Letters.Count(l => l.Subject == "Confirm your e-mail address").ShouldBe(people.Length);
    }
}
