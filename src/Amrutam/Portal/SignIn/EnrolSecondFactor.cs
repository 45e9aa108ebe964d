using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http;
using Amrutam.Portal.Parts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Amrutam.Portal.SignIn;

/// <summary>Enrols an authenticator app, which the first sign-in of an admin needs: the password again, a QR code, the
/// app's first code, the recovery codes.</summary>
static class EnrolSecondFactor
{
    public const string Path = PageAccess.Enrolment;

    const string Confirmation = Path + "/confirmation";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var pages = routes.MapGroup("").RequirePortal(Allow.SignedIn).OpenBeforeSecondFactor()
            .ExcludeFromDescription();
        pages.MapGet(Path, () => Show());
        pages.MapPost(Path, Offer);
        pages.MapPost(Confirmation, Confirm);
    }

    static async Task<RazorComponentResult<EnrolSecondFactorPage>> Offer(HttpContext http, CurrentUser caller,
        PortalSecondFactor factor, [FromForm] string password)
    {
        var (problem, offer) = await factor.Offer(http, caller, password);
        return Show(problem, offer);
    }

    static async Task<RazorComponentResult<EnrolSecondFactorPage>> Confirm(HttpContext http, CurrentUser caller,
        PortalSecondFactor factor, [FromForm] string code)
    {
        var (problem, recoveryCodes) = await factor.Confirm(http, caller, code.Replace(" ", "",
            StringComparison.Ordinal));
        return Show(problem, problem is null ? null : await factor.Pending(caller), recoveryCodes);
    }

    static RazorComponentResult<EnrolSecondFactorPage> Show(EnrolmentProblem? problem = null,
        SecondFactorOffer? offer = null, IReadOnlyList<string>? recoveryCodes = null) =>
        new(new { Refusal = problem?.Code, offer?.Secret, offer?.QrPng, RecoveryCodes = recoveryCodes })
        {
            StatusCode = problem?.Status ?? StatusCodes.Status200OK,
        };
}
