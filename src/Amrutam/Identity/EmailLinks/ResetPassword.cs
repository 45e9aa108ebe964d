using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Identity.EmailLinks;

/// <summary>Replaces a forgotten password by a token that is sent to the account's address. The second factor
/// stays.</summary>
static class ResetPassword
{
    sealed record Request(string Email);

    [SchemaName("ConfirmPasswordResetRequest")]
    sealed record Confirmation(string Token, string Password);

    public static void Map(RouteGroupBuilder auth)
    {
        auth.MapPost("/password-reset", Ask).WithSummary("Ask for a new password by e-mail")
            .WithName("AskForPasswordReset")
            .WithDescription("The answer is the same whether the address has an account or not.")
            .WithProblems(CommonProblems.TooMany);
        auth.MapPost("/password-reset/confirmation", Confirm)
            .WithSummary("Choose a new password")
            .WithName("ConfirmPasswordReset")
            .WithDescription("Takes the token of the message. Every session of the account ends.")
            .WithProblems(IdentityProblems.InvalidToken, IdentityProblems.WeakPassword);
    }

    static async Task<Results<Accepted, ProblemHttpResult>> Ask(Request request, HttpContext http,
        PasswordResetRequest resets)
    {
        var wait = await resets.Send(http, request.Email);
        return wait > 0 ? IdentityProblems.ComeBack(http, wait) : TypedResults.Accepted((string?)null);
    }

    static async Task<Results<NoContent, ProblemHttpResult>> Confirm(Confirmation request, EmailLinkRedemption links) =>
        await links.ResetPassword(request.Token, request.Password) is { } failure ? IdentityProblems.Because(failure)
            : TypedResults.NoContent();
}
