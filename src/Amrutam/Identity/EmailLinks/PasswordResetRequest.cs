using Amrutam.Identity.Accounts;
using Amrutam.Identity.Mail;
using Amrutam.Identity.Sessions;
using Amrutam.Identity.SignIn;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity.EmailLinks;

/// <summary>Sends the e-mail with the link to choose a new password.</summary>
/// <remarks>The answer and its time are the same with and without an account. The e-mail is only queued, and no answer
/// comes before the time that queueing needs.</remarks>
sealed class PasswordResetRequest(UserManager<User> users, IdentityDb identity, Emails emails, AttemptLimiter attempts,
    IdentityLimits limits, TimeProvider clock)
{
    const string PerAddress = "password resets of an address", PerAccount = "password resets of an account";

    // Then one after a minute, two, four, up to an hour: some thirty a day at most.
    const int EmailsInARow = 3, LongestWait = 60 * 60;

    // Several times the time of queueing, and too short to disturb a person.
    static readonly TimeSpan AnswersAfter = TimeSpan.FromMilliseconds(200);

    /// <returns>The seconds to wait before the next request; 0 if this one was accepted.</returns>
    public async Task<int> Send(HttpContext http, string email)
    {
        var soonest = Task.Delay(AnswersAfter, clock);
        var wait = await attempts.CountInMinute(PerAddress, ClientAddress.Counted(http), limits.MailsPerAddress);
        if (wait > 0) return wait;
        // More requests send nothing: the earlier e-mails work, and nobody can fill another's inbox. The answer does
        // not disclose it.
        var alreadySent = await attempts.CountInRow(PerAccount, EmailAddress.Normal(email),
            limits.MailsPerAddress == 0 ? 0 : EmailsInARow, LongestWait) > 0;
        if (!alreadySent && await users.FindByEmailAsync(email) is { SuspendedAt: null, ErasedAt: null } user)
            await identity.Change(async connection =>
            {
                await emails.ResetPassword(connection, user.Email!,
                    () => EmailLinkTokens.Make(connection, user, EmailLinkTokens.ResetPassword));
                await connection.Append("password_resets.requested", user.Id, actor: null, "anonymous");
            });
        await soonest;
        return AttemptLimiter.NotRefused;
    }
}
