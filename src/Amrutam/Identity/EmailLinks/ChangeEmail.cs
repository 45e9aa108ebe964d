using Amrutam.Identity.Accounts;
using Amrutam.Identity.Mail;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity.EmailLinks;

/// <summary>Changes the caller's address after a link in an e-mail to the new address is confirmed. The old address is
/// informed at once.</summary>
/// <remarks>An address of another account gets no e-mail, and the caller gets the same answer. The route does not
/// disclose which addresses have accounts.</remarks>
static class ChangeEmail
{
    sealed record Request(string Email, string? Password = null, string? TotpCode = null,
        string? RecoveryCode = null);

    [SchemaName("ConfirmEmailChangeRequest")]
    sealed record Confirmation(string Token);

    public static void Map(RouteGroupBuilder auth, RouteGroupBuilder me)
    {
        me.MapPost("/email", Ask).WithSummary("Change your e-mail address")
            .WithName("AskForEmailChange")
            .WithDescription("Sends a message to the new address. The address changes with its confirmation.")
            .WithProblems(Reauthentication.Refusals);
        auth.MapPost("/email-change", Confirm).WithSummary("Confirm a new e-mail address")
            .WithName("ConfirmEmailChange")
            .WithDescription("Takes the token of the message that was sent to the new address.")
            .WithProblems(IdentityProblems.InvalidToken, IdentityProblems.EmailTaken);
    }

    static async Task<Results<Accepted, ProblemHttpResult>> Ask(Request request, HttpContext http, CurrentUser caller,
        Reauthentication again, UserManager<User> users, IdentityDb identity, Emails emails)
    {
        if (EmailAddress.Parse(request.Email) is not { } email) return CommonProblems.Field("email", EmailAddress.Rule);
        var known = await again.Check(http, caller,
            new(request.Password, request.TotpCode, request.RecoveryCode));
        if (known.User is not { } user) return known.Refusal!;
        var isTaken = await users.FindByEmailAsync(email) is not null;
        await identity.Change(async connection =>
        {
            if (isTaken) await Make();
            else await emails.ConfirmNewAddress(connection, email, Make);
            await emails.AddressIsChanging(connection, user);
            await connection.Append("email_changes.requested", user.Id, caller.Id, caller.Role);

            Task<string> Make() => EmailLinkTokens.Make(connection, user, EmailLinkTokens.ChangeEmail, email);
        });
        return TypedResults.Accepted((string?)null);
    }

    static async Task<Results<NoContent, ProblemHttpResult>> Confirm(Confirmation request, EmailLinkRedemption links) =>
        await links.ChangeEmail(request.Token) is { } failure ? IdentityProblems.Because(failure)
            : TypedResults.NoContent();
}
