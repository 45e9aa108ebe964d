using Amrutam.Identity.Accounts;
using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Identity.Mail;

/// <summary>The e-mails about roles, suspensions and administrators, and about a password that was reset.</summary>
sealed partial class Emails
{
    public Task RoleChanged(NpgsqlConnection connection, string to, string role) =>
        Queue(connection, new(to, "Your role was changed", $"""
        An administrator changed the role of your Amrutam account to {role}, and every device was signed out.

        If you did not expect this, write to us.
        """));

    public Task Suspended(NpgsqlConnection connection, string to) =>
        Queue(connection, new(to, "Your account was suspended", """
        An administrator suspended your Amrutam account, and every device was signed out.

        If you did not expect this, write to us.
        """));

    public Task Restored(NpgsqlConnection connection, string to) =>
        Queue(connection, new(to, "Your account was restored", """
        An administrator restored your Amrutam account. You can sign in again.
        """));

    /// <summary>Informs every other active administrator of a new one.</summary>
    public async Task AdminAdded(NpgsqlConnection connection, Guid account, string address)
    {
        foreach (var to in await connection.Statement(OtherAdmins).With(account).List(row => row.GetString(0)))
            await Queue(connection, new(to, "There is a new administrator", $"""
            {address} is now an administrator of Amrutam.

            If you did not expect this, suspend that account at once and read the audit log.
            """));
    }

    public Task PasswordWasReset(NpgsqlConnection connection, User user) =>
        Queue(connection, new(user.Email!, "Your password was changed", """
        The password of your Amrutam account was reset by e-mail. Every device was signed out, and every passkey was
        removed. You can add your passkeys again after you sign in.

        If it was not you, ask for a new password by e-mail at once.
        """));

    // An installation has a handful of admins; the limit bounds the transaction.
    const string OtherAdmins = """
        select email from identity.users
         where role = 'admin' and suspended_at is null and erased_at is null and id <> $1 order by id limit 100
        """;
}
