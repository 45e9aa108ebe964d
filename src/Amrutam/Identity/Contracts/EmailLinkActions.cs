using Amrutam.Identity.Accounts;
using Amrutam.Identity.EmailLinks;
using Amrutam.Identity.Invitations;
using Amrutam.Identity.Mail;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;

namespace Amrutam.Identity.Contracts;

/// <summary>The reason why the action of a link was not done: an HTTP status and the code of a problem or of a
/// password's violation.</summary>
sealed record EmailLinkProblem(int Status, string Code);

/// <summary>The actions of the pages that links in e-mails open.</summary>
/// <remarks>Each action is that of the API's route of the same purpose. <see cref="FindEmail"/> uses no token up,
/// because mail programs open links before their readers do.</remarks>
sealed class EmailLinkActions(EmailLinkRedemption links, InvitationAcceptance invitations, PasswordResetRequest resets)
{
    /// <summary>The addresses of the pages. Each takes <c>?token=</c>; without a token a form asks for one.</summary>
    public const string VerifyEmail = EmailLinkPages.VerifyEmail, ResetPassword = EmailLinkPages.ResetPassword,
        ChangeEmail = EmailLinkPages.ChangeEmail, AcceptInvitation = EmailLinkPages.AcceptInvitation;

    /// <returns>The address that the link concerns; null for a used, expired or unknown token.</returns>
    public async Task<string?> FindEmail(string page, string token) => page switch
    {
        AcceptInvitation => (await invitations.Find(token))?.Email,
        ChangeEmail => (await links.Find(token, EmailLinkTokens.ChangeEmail))?.NewEmail,
        ResetPassword => (await links.Find(token, EmailLinkTokens.ResetPassword))?.Email,
        _ => (await links.Find(token, EmailLinkTokens.VerifyEmail))?.Email,
    };

    public async Task<EmailLinkProblem?> ConfirmAddress(string token) => Of(await links.VerifyEmail(token));

    public async Task<EmailLinkProblem?> ConfirmNewAddress(string token) => Of(await links.ChangeEmail(token));

    public async Task<EmailLinkProblem?> ChoosePassword(string token, string password) =>
        Of(await links.ResetPassword(token, password));

    public async Task<EmailLinkProblem?> Accept(string token, string password, string? fullName)
    {
        var fields = new RequestValidation();
        var name = PersonName.Parse(fields, fullName);
        return Of(fields.Wrong ? new(CommonProblems.Invalid)
            : (await invitations.Accept(token, password, name)).Failure);
    }

    /// <summary>Sends an e-mail with a link to choose a new password, if the account exists. The answer is the same
    /// without an account.</summary>
    /// <returns>The seconds to wait before the next request; 0 if this one was accepted.</returns>
    public Task<int> RequestPasswordReset(HttpContext http, string email) => resets.Send(http, email);

    static EmailLinkProblem? Of(EmailLinkFailure? failure) => failure is null ? null
        : new(failure.Problem.Status, failure.Violation?.Code ?? failure.Problem.Code);
}
