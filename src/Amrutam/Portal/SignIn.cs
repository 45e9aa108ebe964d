using Amrutam.Identity.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Amrutam.Portal;

/// <summary>Signs a person in to the pages, and out of them.</summary>
static class SignIn
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(PortalSignIn.Page, Ask).AllowAnonymous().ExcludeFromDescription();
        routes.MapPost(PortalSignIn.Page, Try).AllowAnonymous().ExcludeFromDescription();
        routes.MapPost("/sign-out", Leave).AllowAnonymous().ExcludeFromDescription();
    }

    static RazorComponentResult<SignInPage> Ask(string? returnUrl) => new(new { ReturnUrl = Preferences.Ours(returnUrl) });

    static async Task<IResult> Try(HttpContext http, PortalSignIn portal, [FromForm] string email, [FromForm] string password,
        [FromForm] string? code, [FromForm(Name = "return_url")] string? returnUrl)
    {
        var outcome = await portal.SignIn(http, email, password, string.IsNullOrWhiteSpace(code) ? null : code.Trim());
        if (outcome == PortalSignInOutcome.SignedIn) return TypedResults.LocalRedirect(Preferences.Ours(returnUrl));
        return new RazorComponentResult<SignInPage>(new { ReturnUrl = Preferences.Ours(returnUrl), Email = email, Refusal = outcome.ToString() })
        {
            StatusCode = outcome == PortalSignInOutcome.TooManyAttempts ? StatusCodes.Status429TooManyRequests : StatusCodes.Status401Unauthorized,
        };
    }

    /// <param name="_">Unused: a form that is bound is a form whose antiforgery token is checked.</param>
    static async Task<RedirectHttpResult> Leave(HttpContext http, PortalSignIn portal, [FromForm] string? _)
    {
        await portal.SignOut(http);
        return TypedResults.LocalRedirect(PortalSignIn.Page);
    }
}
