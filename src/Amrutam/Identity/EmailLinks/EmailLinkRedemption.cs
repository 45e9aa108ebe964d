using Amrutam.Identity.Accounts;
using Amrutam.Identity.Mail;
using Amrutam.Identity.Passwords;
using Amrutam.Identity.Sessions;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Amrutam.Identity.EmailLinks;

/// <summary>Does the action of a link's token and uses the token up, in one transaction. The API and the portal share
/// it.</summary>
sealed class EmailLinkRedemption(NpgsqlDataSource db, UserManager<User> users, IdentityDb identity,
    NewPasswordHash passwords, SessionStore sessions, Emails emails)
{
    static readonly EmailLinkFailure InvalidToken = new(IdentityProblems.InvalidToken);

    /// <inheritdoc cref="EmailLinkTokens.Find"/>
    public Task<EmailLinkTokens.Found?> Find(string token, string purpose) => EmailLinkTokens.Find(db, token, purpose);

    /// <summary>Marks the address of the account as proven.</summary>
    public async Task<EmailLinkFailure?> VerifyEmail(string token)
    {
        var done = await identity.Change(async connection =>
        {
            if (await EmailLinkTokens.Redeem(connection, token, EmailLinkTokens.VerifyEmail) is not { } redeemed
                || await users.FindByIdAsync(redeemed.User.ToString()) is not { } user) return false;
            user.EmailConfirmed = true;
            await users.UpdateAsync(user).OrThrow();
            await connection.Append("accounts.email_verified", user.Id, user.Id, user.Role);
            return true;
        });
        return done ? null : InvalidToken;
    }

    /// <summary>Gives the account its new address and ends every session.</summary>
    public async Task<EmailLinkFailure?> ChangeEmail(string token)
    {
        try
        {
            var done = await identity.Change(async connection =>
            {
                if (await EmailLinkTokens.Redeem(connection, token, EmailLinkTokens.ChangeEmail)
                        is not { NewEmail: { } email } redeemed
                    || await users.FindByIdAsync(redeemed.User.ToString()) is not { SuspendedAt: null } user)
                    return false;
                (user.Email, user.EmailConfirmed) = (email, true);
                await users.UpdateSecurityStampAsync(user).OrThrow();
                await connection.Append("accounts.email_changed", user.Id, user.Id, user.Role);
                await sessions.EndAll(connection, user.Id, by: null, "email_changed");
                return true;
            });
            return done ? null : InvalidToken;
        }
        catch (DbUpdateException e)
            when (e.InnerException is PostgresException { ConstraintName: "email_already_registered" })
        {
            return new(IdentityProblems.EmailTaken);
        }
    }

    /// <summary>Gives the account a new password, removes its passkeys and ends every session.</summary>
    /// <remarks>The token is checked before the password is hashed, so that a stranger cannot make the server hash.
    /// The second factor stays: the mailbox alone must not replace it. Passkeys sign in alone, so they go: one of them
    /// may be that of a stranger who made the account.</remarks>
    public async Task<EmailLinkFailure?> ResetPassword(string token, string password)
    {
        if (await Find(token, EmailLinkTokens.ResetPassword) is not { } found) return InvalidToken;
        var made = await passwords.Hash(password, found.Email);
        if (made.Violation is not null) return new(IdentityProblems.WeakPassword, made.Violation);
        var done = await identity.Change(async connection =>
        {
            if (await EmailLinkTokens.Redeem(connection, token, EmailLinkTokens.ResetPassword) is not { } redeemed
                || await users.FindByIdAsync(redeemed.User.ToString()) is not { SuspendedAt: null } user) return false;
            (user.PasswordHash, user.EmailConfirmed) = (made.Hash, true);
            await users.UpdateSecurityStampAsync(user).OrThrow();
            await connection.Append("passwords.reset", user.Id, user.Id, user.Role);
            await emails.PasswordWasReset(connection, user);
            await connection.Statement(RemovePasskeys).With(user.Id).With(user.Role).With(CommonProblems.Trace())
                .Execute();
            await sessions.EndAll(connection, user.Id, by: null, "password_reset");
            return true;
        });
        return done ? null : InvalidToken;
    }

    const string RemovePasskeys = """
        with removed as (delete from identity.passkeys where user_id = $1 returning user_id)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select $1, $2, 'passkeys.removed', 'account', user_id, '{"because": "password_reset"}', $3 from removed
        """;
}
