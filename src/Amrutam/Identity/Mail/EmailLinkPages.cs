namespace Amrutam.Identity.Mail;

/// <summary>The paths of the pages that links in e-mails open. Each takes <c>?token=</c>.</summary>
static class EmailLinkPages
{
    public const string VerifyEmail = "/account/verify-email", ResetPassword = "/account/reset-password",
        ChangeEmail = "/account/change-email", AcceptInvitation = "/account/accept-invitation";
}
