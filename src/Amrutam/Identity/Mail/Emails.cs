using System.Text.Json;
using Amrutam.Identity.Accounts;
using Amrutam.Identity.Encryption;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Npgsql;

namespace Amrutam.Identity.Mail;

/// <summary>What accounts are written about. Each letter is queued in the transaction that gives cause for it, and sent
/// after.</summary>
/// <remarks>
/// A link opens a page that does nothing until its form is sent, because mail programs and their guards open links
/// too. Its token is in the query, where a page without script can read it; our own log has no queries, and the token
/// is used once and soon over. It also stands alone, for who would rather paste it.
/// </remarks>
sealed partial class Emails(SecretEncryption box, IdentitySettings settings)
{
    public const string Purpose = "outgoing mail";

    public Task VerifyAddress(NpgsqlConnection connection, string to, string token) =>
        Queue(connection, new(to,
        "Confirm your e-mail address", $"""
        Somebody, you we hope, gave this address to Amrutam. To confirm that it is yours, open

        {Link(EmailLinkPages.VerifyEmail, token)}

        or enter this code where you signed up:

        {token}

        If it was not you, do nothing.
        """));

    public Task ResetPassword(NpgsqlConnection connection, string to, string token) =>
        Queue(connection, new(to,
        "Choose a new password", $"""
        To choose a new password for Amrutam, open this within an hour:

        {Link(EmailLinkPages.ResetPassword, token)}

        or enter this code:

        {token}

        If you did not ask for it, do nothing: your password stays as it is.
        """));

    public Task ConfirmNewAddress(NpgsqlConnection connection, string to, string token) =>
        Queue(connection, new(to,
        "Confirm your new e-mail address", $"""
        To use this address for your Amrutam account from now on, open

        {Link(EmailLinkPages.ChangeEmail, token)}

        or enter this code:

        {token}

        If you did not ask for it, do nothing.
        """));

    public Task Invite(NpgsqlConnection connection, string to, string role, string token) =>
        Queue(connection, new(to,
        "You are invited to Amrutam", $"""
        You are invited to join Amrutam as {(role == Allow.Admin ? "an administrator" : "a doctor")}.
        To choose your password, open

        {Link(EmailLinkPages.AcceptInvitation, token)}

        or enter this code:

        {token}

        The invitation lasts for seven days.
        """));

    public Task AddressIsChanging(NpgsqlConnection connection, User user) =>
        Queue(connection, new(user.Email!,
        "Your e-mail address is being changed", """
        Somebody who gave your password asked to use another e-mail address for your Amrutam account.

        If it was not you, change your password at once: that also stops the change.
        """));

    public Task PasswordChanged(NpgsqlConnection connection, User user) =>
        Queue(connection, new(user.Email!,
        "Your password was changed", """
        The password of your Amrutam account was changed, and every device was signed out.

        If it was not you, ask for a new password by e-mail at once.
        """));

    public Task SecondFactorAdded(NpgsqlConnection connection, User user) =>
        Queue(connection, new(user.Email!,
        "A second factor was added", """
        Your Amrutam account now asks for the code of an authenticator app at each sign-in, and every device was
        signed out.

        If it was not you, ask for a new password by e-mail at once and write to us.
        """));

    public Task PasskeyAdded(NpgsqlConnection connection, User user) =>
        Queue(connection, new(user.Email!,
        "A passkey was added", """
        A passkey was added to your Amrutam account. Who holds it can sign in with it.

        If it was not you, remove it and change your password at once.
        """));

    public Task SecondFactorRemovedByUs(NpgsqlConnection connection, User user) =>
        Queue(connection, new(user.Email!,
        "Your second factor was removed by us", """
        Somebody showed us that they are you and have lost their authenticator app. Your Amrutam account now needs
        only your password to sign in, and every device was signed out. Enrol an app again as soon as you can.

        If it was not you, change your password at once and write to us.
        """));

    public Task SecondFactorRemoved(NpgsqlConnection connection, User user) =>
        Queue(connection, new(user.Email!,
        "Your second factor was removed", """
        Your Amrutam account now needs only your password to sign in.

        If it was not you, change your password at once and enrol your authenticator app again.
        """));

    public Task WillBeDeleted(NpgsqlConnection connection, User user) =>
        Queue(connection, new(user.Email!,
        "Your account will be deleted", $"""
        Your Amrutam account is closed, and your personal data will be erased in {settings.DeletionGraceDays} days.
        The visits that lay ahead are cancelled, and those who were to meet you hear of it.

        If you change your mind, sign in before then. Your account is as it was; cancelled visits stay cancelled.
        """));

    string Link(string page, string token) => new Uri(settings.PublicUrl, page + "?token=" + token).ToString();

    async Task Queue(NpgsqlConnection connection, Letter letter)
    {
        var text = JsonSerializer.SerializeToUtf8Bytes(letter, Json.Options);
        await connection.Statement(Add).With(Guid.CreateVersion7()).With(box.Encrypt(text, Purpose)).Execute();
    }

    const string Add = "insert into identity.outgoing_mails (id, sealed) values ($1, $2)";
}
