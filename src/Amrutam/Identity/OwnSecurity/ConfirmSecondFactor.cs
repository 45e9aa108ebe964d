using Amrutam.Identity.Sessions;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Identity.OwnSecurity;

/// <summary>Enables the second factor after its first code shows that the app has the secret. Each later sign-in
/// requires it.</summary>
static class ConfirmSecondFactor
{
    sealed record Request(string TotpCode);

    sealed record Response(IReadOnlyList<string> RecoveryCodes, string AccessToken, string TokenType, int ExpiresIn,
        string RefreshToken);

    public static void Map(RouteGroupBuilder factor) =>
        factor.MapPost("/confirmation", Handle).WithSummary("Confirm the authenticator app")
            .WithDescription(
                "Takes a code of the app, and gives recovery codes and the tokens of a new "
                + "session.")
        .WithProblems(IdentityProblems.WrongCode, CommonProblems.TooMany);

    static async Task<Results<Ok<Response>, ProblemHttpResult>> Handle(Request request, HttpContext http,
        CurrentUser caller, SecondFactorEnrolment enrolment, SessionStore sessions)
    {
        var (refusal, confirmed) = await enrolment.Confirm(http, caller, request.TotpCode);
        if (confirmed is null) return refusal!;
        if (await sessions.BeginApi(http, confirmed.User, secondFactor: true) is not { } begun)
            return CommonProblems.NotSignedIn.Because();
        return TypedResults.Ok(new Response(confirmed.RecoveryCodes, begun.AccessToken, begun.TokenType,
            begun.ExpiresIn, begun.RefreshToken));
    }
}
