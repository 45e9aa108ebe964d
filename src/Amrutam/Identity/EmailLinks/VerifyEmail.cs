using Amrutam.Identity.Accounts;
using Amrutam.Identity.Mail;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity.EmailLinks;

/// <summary>Confirms the address of an account by the token that was sent to it.</summary>
static class VerifyEmail
{
    sealed record Request(string Token);

    const string Requests = "mails to an account";

    public static void Map(RouteGroupBuilder auth, RouteGroupBuilder me)
    {
        auth.MapPost("/email-verification", Handle).WithSummary("Confirm an e-mail address")
            .WithDescription("Takes the token of the message that was sent to the address.")
            .WithProblems(IdentityProblems.InvalidToken);
        me.MapPost("/email-verification", SendAgain).WithSummary("Send the confirmation message again")
            .WithName("ResendEmailVerification")
            .WithDescription("Does nothing if the address is confirmed.")
            .WithProblems(CommonProblems.TooMany);
    }

    static async Task<Results<NoContent, ProblemHttpResult>> Handle(Request request, EmailLinkRedemption links) =>
        await links.VerifyEmail(request.Token) is { } failure ? IdentityProblems.Because(failure)
            : TypedResults.NoContent();

    static async Task<Results<Accepted, ProblemHttpResult>> SendAgain(HttpContext http, CurrentUser caller,
        UserManager<User> users, IdentityDb identity, Emails emails, AttemptLimiter attempts, IdentityLimits limits)
    {
        var wait = await attempts.CountInMinute(Requests, caller.Id.ToString(), limits.MailsPerAddress);
        if (wait > 0) return IdentityProblems.ComeBack(http, wait);
        if (await users.FindByIdAsync(caller.Id.ToString()) is not { } user) return CommonProblems.NotFound();
        if (!user.EmailConfirmed) await identity.Change(async connection =>
        {
            await emails.VerifyAddress(connection, user.Email!,
                () => EmailLinkTokens.Make(connection, user, EmailLinkTokens.VerifyEmail));
            await connection.Append("email_verifications.requested", user.Id, caller.Id, caller.Role);
        });
        return TypedResults.Accepted((string?)null);
    }
}
