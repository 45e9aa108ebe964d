using System.Text.Json;
using Amrutam.Platform;
using Npgsql;

namespace Amrutam.Identity;

/// <summary>What accounts are written about. Each letter is queued in the transaction that gives cause for it, and sent
/// after.</summary>
/// <remarks>
/// A token stands behind the # of its link, which browsers do not send, so it reaches no log on the way. It also stands
/// alone, for who would rather paste it.
/// </remarks>
sealed class Letters(SecretBox box, IdentitySettings settings)
{
    public const string Purpose = "outgoing mail";

    public Task VerifyAddress(NpgsqlConnection connection, string to, string token) =>
        Queue(connection, new(to,
        "Confirm your e-mail address", $"""
        Somebody, you we hope, gave this address to Amrutam. To confirm that it is yours, open

        {Link("verify-email", token)}

        or enter this code where you signed up:

        {token}

        If it was not you, do nothing.
        """));

    public Task ResetPassword(NpgsqlConnection connection, string to, string token) =>
        Queue(connection, new(to,
        "Choose a new password", $"""
        To choose a new password for Amrutam, open this within an hour:

        {Link("reset-password", token)}

        or enter this code:

        {token}

        If you did not ask for it, do nothing: your password stays as it is.
        """));

    public Task ConfirmNewAddress(NpgsqlConnection connection, string to, string token) =>
        Queue(connection, new(to,
        "Confirm your new e-mail address", $"""
        To use this address for your Amrutam account from now on, open

        {Link("change-email", token)}

        or enter this code:

        {token}

        If you did not ask for it, do nothing.
        """));

    public Task Invite(NpgsqlConnection connection, string to, string role, string token) =>
        Queue(connection, new(to,
        "You are invited to Amrutam", $"""
        You are invited to join Amrutam as {(role == Allow.Admin ? "an administrator" : "a doctor")}.
        To choose your password, open

        {Link("accept-invitation", token)}

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

        If you change your mind, sign in before then.
        """));

    string Link(string page, string token) => new Uri(settings.PublicUrl, $"/account/{page}#{token}").ToString();

    async Task Queue(NpgsqlConnection connection, Letter letter)
    {
        var text = JsonSerializer.SerializeToUtf8Bytes(letter, Json.Options);
        await connection.Statement(Add).With(Guid.CreateVersion7()).With(box.Seal(text, Purpose)).Execute();
    }

    const string Add = "insert into identity.outgoing_mails (id, sealed) values ($1, $2)";
}
