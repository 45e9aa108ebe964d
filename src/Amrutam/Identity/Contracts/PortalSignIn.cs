using Amrutam.Identity.Sessions;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;

namespace Amrutam.Identity.Contracts;

/// <summary>How an attempt to sign in to the portal ended.</summary>
enum PortalSignInOutcome
{
    SignedIn,
    InvalidCredentials,
    SecondFactorNeeded,
    TooManyAttempts,
}

/// <summary>Signs people in to and out of the web pages, by a cookie that names a session.</summary>
/// <remarks>
/// The same check, limits, second factor and revocation as the API's sign-in. The cookie is HttpOnly, SameSite=Lax and
/// Secure (but over plain http in Development). API routes take only bearer tokens and pages only the cookie, so that
/// no API route can be forged from a page.
/// </remarks>
sealed class PortalSignIn(CredentialCheck check, SessionStore sessions)
{
    /// <summary>The authentication scheme of pages.</summary>
    public const string Scheme = "Portal";

    /// <summary>Where a page sends who is not signed in, with <c>?returnUrl=</c>; the portal serves it, for
    /// everybody.</summary>
    public const string Page = "/sign-in";

    /// <param name="code">The authenticator's six digits or a recovery code, when the person gave one.</param>
    /// <exception cref="OverloadedException">Too many passwords wait to be checked.</exception>
    public async Task<PortalSignInOutcome> SignIn(HttpContext http, string email, string password, string? code = null)
    {
        var isTotp = code is { Length: 6 } && code.All(char.IsAsciiDigit);
        var found = await check.Check(http, new(email, password, isTotp ? code : null, isTotp ? null : code));
        if (found.RetryAfterSeconds > 0) return PortalSignInOutcome.TooManyAttempts;
        if (found.Refusal == IdentityProblems.SecondFactorNeeded) return PortalSignInOutcome.SecondFactorNeeded;
        if (found.User is not { } user) return PortalSignInOutcome.InvalidCredentials;
        await EndFormer(http);
        if (await sessions.BeginPortal(http, user, found.SecondFactor) is not { } current)
            return PortalSignInOutcome.InvalidCredentials;
        await http.SignInAsync(Scheme, new(PortalCookie.Identity(current)));
        return PortalSignInOutcome.SignedIn;
    }

    /// <summary>Ends the session on every replica and removes the cookie.</summary>
    public async Task SignOut(HttpContext http)
    {
        await EndFormer(http);
        await http.SignOutAsync(Scheme);
    }

    /// <summary>A browser has one session here: whoever signs in anew leaves none behind that nobody sees.</summary>
    async Task EndFormer(HttpContext http)
    {
        if ((await http.AuthenticateAsync(Scheme)).Principal is not { } principal
            || CurrentUser.Of(principal) is not { } user) return;
        await sessions.End(user, user.Session, "signed_out");
    }
}

/// <summary>Puts pages behind the portal's cookie.</summary>
static class PortalRoutes
{
    /// <param name="policy">One of <see cref="Allow"/>.</param>
    public static TBuilder RequirePortal<TBuilder>(this TBuilder route, string policy) where TBuilder
        : IEndpointConventionBuilder =>
        route.RequireAuthorization(new AuthorizeAttribute(policy) { AuthenticationSchemes = PortalSignIn.Scheme });
}
