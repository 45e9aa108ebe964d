using Amrutam.Identity.Accounts;
using Amrutam.Identity.EmailLinks;
using Amrutam.Identity.Mail;
using Amrutam.Identity.Passwords;
using Amrutam.Identity.Sessions;
using Amrutam.Identity.SignIn;
using Amrutam.Identity.Users;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Identity;
using Npgsql;

namespace Amrutam.Identity.Contracts;

/// <summary>What the links in letters lead to: pages show what a link is for, and do it when their form is
/// sent.</summary>
/// <remarks>Each does what the API's route of the same purpose does, by the same code. Looking uses nothing up, so that
/// a mail program that opens links ahead of its reader does no harm.</remarks>
sealed class EmailLinkActions(NpgsqlDataSource db, UserManager<User> users, IdentityDb identity, NewPasswordHash chosen,
    SessionStore sessions, Emails letters, AttemptLimiter attempts, IdentityLimits limits, TimeProvider clock)
{
    /// <summary>The addresses of the pages; each takes <c>?token=</c>, and without it a form asks for one.</summary>
    public const string VerifyEmail = "/account/verify-email", ResetPassword = "/account/reset-password",
        ChangeEmail = "/account/change-email", AcceptInvitation = "/account/accept-invitation";

    /// <returns>The address that the link is about; null when the link is used, over or none.</returns>
    public async Task<string?> Look(string page, string token) => page switch
    {
        AcceptInvitation => (await InviteUser.Find(db, token))?.Email,
        ChangeEmail => (await EmailLinkTokens.Find(db, token, EmailLinkTokens.ChangeEmail))?.NewEmail,
        ResetPassword => (await EmailLinkTokens.Find(db, token, EmailLinkTokens.ResetPassword))?.Email,
        _ => (await EmailLinkTokens.Find(db, token, EmailLinkTokens.VerifyEmail))?.Email,
    };

    public Task<Refusal?> Verify(string token) => EmailLinks.VerifyEmail.Take(token, users, identity);

    public Task<Refusal?> TakeNewAddress(string token) => EmailLinks.ChangeEmail.Take(token, users, identity, sessions);

    public Task<Refusal?> ChoosePassword(string token, string password) =>
        EmailLinks.ResetPassword.Take(token, password, db, users, identity, chosen, sessions, letters);

    public async Task<Refusal?> Accept(string token, string password, string? fullName)
    {
        var fields = new RequestValidation();
        var name = PersonName.Parse(fields, fullName);
        return fields.Wrong ? new(CommonProblems.Invalid)
            : (await InviteUser.Take(token, password, name, db, users, identity, chosen, letters)).Refusal;
    }

    /// <summary>Sends the letter that a new password is chosen by, if there is such an account; the answer is the same
    /// whether or not.</summary>
    /// <returns>How many seconds to wait before asking again; 0 when it was heard.</returns>
    public Task<int> AskForPassword(HttpContext http, string email) =>
        EmailLinks.ResetPassword.Send(http, email, users, identity, letters, attempts, limits, clock);
}
