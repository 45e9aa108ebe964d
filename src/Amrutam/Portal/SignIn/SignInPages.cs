using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http;
using Amrutam.Portal.Parts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Amrutam.Portal.SignIn;

/// <summary>Signs a person in to the pages, and out.</summary>
static class SignInPages
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(PortalSignIn.Page, Ask).AllowAnybody();
        routes.MapPost(PortalSignIn.Page, Try).AllowAnybody();
        routes.MapPost("/sign-out", Leave).AllowAnybody();
    }

    /// <summary>A page that is not for the role of a signed-in person sends them here, with its address.</summary>
    static async Task<IResult> Ask(HttpContext http, PortalSignIn portal, string? returnUrl) =>
        CurrentUser.Of(http) is { } user
            ? await AccountPage.Of(user, portal, isRefused: returnUrl is not null)
            : new RazorComponentResult<SignInPage>(new { ReturnUrl = Preferences.Ours(returnUrl) });

    /// <summary>Asks a person whose session ended to sign in again, and keeps the form that they sent.</summary>
    /// <param name="kept">The sealed form, or null.</param>
    public static RazorComponentResult<SignInPage> AskAgain(string? kept) => new(new { Kept = kept, WasOut = true })
    {
        StatusCode = StatusCodes.Status401Unauthorized,
    };

    static async Task<IResult> Try(HttpContext http, PortalSignIn portal, [FromForm] string email,
        [FromForm] string password, [FromForm] string? code, [FromForm] string? kept,
        [FromForm(Name = "return_url")] string? returnUrl)
    {
        var outcome = await portal.SignIn(http, email, password, string.IsNullOrWhiteSpace(code) ? null : code);
        if (outcome == PortalSignInOutcome.SignedIn)
            return await PersonForms.ShowAgain(http, kept) ?? TypedResults.LocalRedirect(Preferences.Ours(returnUrl));
        return new RazorComponentResult<SignInPage>(
            new { ReturnUrl = Preferences.Ours(returnUrl), Email = email, Kept = kept, Refusal = outcome.ToString() })
        {
            StatusCode = outcome == PortalSignInOutcome.TooManyAttempts
                ? StatusCodes.Status429TooManyRequests
                : StatusCodes.Status401Unauthorized,
        };
    }

    /// <param name="_">Unused. Binding a form makes the framework check its antiforgery token.</param>
    static async Task<RedirectHttpResult> Leave(HttpContext http, PortalSignIn portal, [FromForm] string? _)
    {
        await portal.SignOut(http);
        return TypedResults.LocalRedirect(PortalSignIn.Page);
    }
}
