using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Identity.OwnSecurity;

/// <summary>Creates an authenticator secret and returns it as text, as a key URI and as a QR code. It needs a proven
/// address.</summary>
static class OfferSecondFactor
{
    sealed record Response(string Secret, string OtpauthUri, string QrPng);

    public static void Map(RouteGroupBuilder factor) =>
        factor.MapPost("", Handle).WithSummary("Begin to enrol an authenticator app")
            .WithDescription("Gives a secret. The second factor counts from its confirmation on.")
        .WithProblems([IdentityProblems.SecondFactorIsThere, IdentityProblems.EmailNotVerified,
            .. Reauthentication.Refusals]);

    static async Task<Results<Ok<Response>, ProblemHttpResult>> Handle(Proof proof, HttpContext http,
        CurrentUser caller, SecondFactorEnrolment enrolment) =>
        await enrolment.Offer(http, caller, proof) is var (refusal, offered) && offered is not null
            ? TypedResults.Ok(new Response(offered.Secret, offered.Uri, offered.QrPng))
            : refusal!;
}
