using Amrutam.Identity.Accounts;
using Amrutam.Identity.SecondFactor;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Identity.OwnSecurity;

/// <summary>Creates ten new recovery codes; the earlier ones stop working.</summary>
static class RenewRecoveryCodes
{
    sealed record Response(IReadOnlyList<string> RecoveryCodes);

    public static void Map(RouteGroupBuilder factor) =>
        factor.MapPost("/recovery-codes", Handle).WithSummary("Renew the recovery codes")
            .WithDescription("The codes before stop working.")
        .WithProblems([IdentityProblems.NoSecondFactor, .. Reauthentication.Refusals]);

    static async Task<Results<Ok<Response>, ProblemHttpResult>> Handle(Proof proof, HttpContext http,
        CurrentUser caller, Reauthentication again, IdentityDb identity)
    {
        var known = await again.Check(http, caller, proof);
        if (known.User is not { } user) return known.Refusal!;
        if (!user.TwoFactorEnabled) return IdentityProblems.NoSecondFactor.Because();
        string[] codes = [];
        await identity.Change(async connection =>
        {
            codes = await RecoveryCodes.Renew(connection, user.Id);
            await connection.Append("recovery_codes.renewed", user.Id, caller.Id, caller.Role);
        });
        return TypedResults.Ok(new Response(codes));
    }
}
