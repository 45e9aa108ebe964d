using Amrutam.Identity.Sessions;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Identity.SignIn;

/// <summary>Begins a session with a password and, if the account has one, a second factor.</summary>
static class LogIn
{
    public sealed record Request(string Email, string Password, string? TotpCode = null, string? RecoveryCode = null);

    public static void Map(RouteGroupBuilder auth) =>
        auth.MapPost("/login", Handle).WithSummary("Sign in")
            .WithDescription(
                "Gives tokens for an address and its password, with a second factor if one is "
                + "enrolled.")
            .WithProblems(IdentityProblems.InvalidCredentials, IdentityProblems.SecondFactorNeeded,
                CommonProblems.TooMany);

    static async Task<Results<Ok<TokenPair>, ProblemHttpResult>> Handle(Request request, HttpContext http,
        CredentialCheck check, SessionStore sessions)
    {
        var found = await check.Check(http, new(request.Email, request.Password, request.TotpCode,
            request.RecoveryCode));
        if (found.RetryAfterSeconds > 0) return IdentityProblems.ComeBack(http, found.RetryAfterSeconds);
        if (found.User is not { } user) return found.Refusal!.Because();
        return await sessions.BeginApi(http, user, found.SecondFactor) is { } tokens
            ? TypedResults.Ok(tokens)
            : IdentityProblems.InvalidCredentials.Because();
    }
}
