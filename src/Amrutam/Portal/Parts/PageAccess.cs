using Amrutam.Identity.Contracts;
using Microsoft.AspNetCore.Authorization;

namespace Amrutam.Portal.Parts;

/// <summary>Decides which requests are for pages, and has the policy of public pages.</summary>
static class PageAccess
{
    /// <summary>The page at the address without a path.</summary>
    public const string Home = "/admin";

    /// <returns>False for the API, which is for programs.</returns>
    public static bool MayBeAPage(HttpContext http) =>
        !http.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase);

    static readonly AuthorizationPolicy Anybody =
        new AuthorizationPolicyBuilder(PortalSignIn.Scheme).RequireAssertion(_ => true).Build();

    /// <summary>For everybody, signed in or not. It identifies a signed-in person, so that a form's token fits its
    /// sender.</summary>
    public static void AllowAnybody(this RouteHandlerBuilder route) =>
        route.RequireAuthorization(Anybody).OpenBeforeSecondFactor().ExcludeFromDescription();
}
