using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Attacks;

/// <summary>The attacker signs up with somebody else's address and wants to keep a way into the account after its
/// owner takes it over.</summary>
[Collection(Browser.OneAtATime)]
public sealed class AccountOfAnotherAddressTests(Browser browser, PasskeyFixture fixture)
    : IClassFixture<PasskeyFixture>
{
    TestServer Server => fixture.Server;

    async Task ResetPassword(string email)
    {
        (await Server.Anonymous().Post("/api/auth/password-reset", new { email })).Is(202);
        var token = await Mailbox.Token(email, "Choose a new password");
        (await Server.Anonymous().Post("/api/auth/password-reset/confirmation",
            new { token, password = "brass-kettle-7" })).Is(204);
    }

    [Fact]
    public async Task Before_the_address_is_proven_nobody_adds_a_passkey_or_an_authenticator()
    {
        var stranger = await Person.SignUp(Server);
        (await stranger.Http.Post("/api/me/passkeys/options", new { password = Person.Password }))
            .Is(403, "email_not_verified");
        (await stranger.Http.Post("/api/me/second-factor", new { password = Person.Password }))
            .Is(403, "email_not_verified");
        var token = await Mailbox.Token(stranger.Email, "Confirm your e-mail address");
        (await Server.Anonymous().Post("/api/auth/email-verification", new { token })).Is(204);
        (await stranger.Http.Post("/api/me/passkeys/options", new { password = Person.Password })).Is(200);
        (await stranger.Http.Post("/api/me/second-factor", new { password = Person.Password })).Is(200);
    }

    [Fact]
    public async Task A_password_reset_removes_the_passkey_that_the_account_was_made_with()
    {
        var email = Guid.CreateVersion7().ToString("N") + "@example.org";
        var stranger = await PasskeyClient.Open(browser, Server);
        PasskeyClient.Status(await stranger.SignUp(email)).ShouldBe(201);
        PasskeyClient.Status(await stranger.SignIn()).ShouldBe(200);
        await ResetPassword(email);
        PasskeyClient.Status(await stranger.SignIn()).ShouldBe(401);
        (await Mailbox.Letter(email, "Your password was changed")).TextBody!.ShouldContain("every passkey");
    }

    /// <summary>The test locks the account as a reset does, until the stranger's request waits for the lock.</summary>
    [Fact]
    public async Task A_passkey_that_is_added_while_the_password_is_reset_is_refused()
    {
        var person = await Person.SignUp(Server);
        await person.ConfirmAddress();
        var stranger = await PasskeyClient.Open(browser, Server);
        await using var connection = await Server.Owner.OpenConnectionAsync();
        await using var reset = await connection.BeginTransactionAsync();
        await connection.Statement("update identity.users set security_stamp = 'changed' where id = $1")
            .With(person.Id).Execute();
        var adding = stranger.Register(person);
        await Task.WhenAny(adding, Server.Owner.UntilOneWaitsForALock("%identity.users%"));
        await connection.Statement("update identity.sessions set ended_at = now() where user_id = $1").With(person.Id)
            .Execute();
        await reset.CommitAsync();
        PasskeyClient.Status(await adding).ShouldBe(401);
        (await Server.Owner.Statement("select count(*) from identity.passkeys where user_id = $1").With(person.Id)
            .Value<long>()).ShouldBe(0);
    }

    [Fact]
    public async Task A_confirmed_new_address_ends_every_session()
    {
        var person = await Person.SignUp(Server);
        var address = "new-" + person.Email;
        (await person.Http.Post("/api/me/email", new { email = address, password = Person.Password })).Is(202);
        var token = await Mailbox.Token(address, "Confirm your new e-mail address");
        (await Server.Anonymous().Post("/api/auth/email-change", new { token })).Is(204);
        (await person.Http.Get("/api/me")).Is(401);
        (await Server.Anonymous().Post("/api/auth/refresh", new { refresh_token = person.RefreshToken })).Is(401);
    }
}
