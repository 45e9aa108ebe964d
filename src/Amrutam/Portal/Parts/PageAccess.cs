using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http;
using Microsoft.AspNetCore.Authorization;

namespace Amrutam.Portal.Parts;

/// <summary>Decides which requests are for pages, and has the policy of public pages.</summary>
static class PageAccess
{
    /// <summary>The page that opens if no other was asked for.</summary>
    public const string Home = "/";

    public static string FirstPageOf(string role) => role switch
    {
        Allow.Admin => AdminPage,
        Allow.Doctor => DayPage,
        Allow.Staff => DeskPage,
        _ => DoctorsPage,
    };

    public const string AdminPage = "/admin", DoctorsPage = "/doctors", DayPage = "/day", DeskPage = "/desk",
        VisitsPage = "/visits", WaitingPage = "/waitlist", JoinPage = "/waitlist/new";

    /// <summary>The page that enrols a second factor, to which a role that needs one is sent.</summary>
    public const string Enrolment = "/account/second-factor";

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
