using Amrutam.Identity.SecondFactor;
using Amrutam.Identity.Sessions;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Npgsql;

namespace Amrutam.Identity.Contracts;

/// <summary>The outcome of an attempt to sign in to the portal.</summary>
enum PortalSignInOutcome
{
    SignedIn,
    InvalidCredentials,
    SecondFactorNeeded,
    TooManyAttempts,
}

/// <summary>Signs people in to and out of the web pages, by a cookie that names a session.</summary>
/// <remarks>
/// The check, limits, second factor and revocation are those of the API's sign-in. The cookie is HttpOnly, SameSite=Lax
/// and Secure (except over plain http in Development). API routes take only bearer tokens and pages only the cookie, so
/// no page can forge an API request.
/// </remarks>
sealed class PortalSignIn(CredentialCheck check, SessionStore sessions, NpgsqlDataSource db)
{
    /// <summary>The authentication scheme of pages.</summary>
    public const string Scheme = PortalCookie.Scheme;

    /// <summary>The page for callers who are not signed in; it takes <c>?returnUrl=</c>. The portal serves it to
    /// everybody.</summary>
    public const string Page = PortalCookie.Page;

    /// <param name="code">An authenticator's or a recovery code, as it was typed; null without one.</param>
    /// <exception cref="OverloadedException">The queue of password checks is full.</exception>
    public async Task<PortalSignInOutcome> SignIn(HttpContext http, string email, string password, string? code = null)
    {
        var isTotp = code is not null && TypedCode.IsOfAuthenticator(code);
        var found = await check.Check(http, new(email, password, isTotp ? code : null, isTotp ? null : code));
        if (found.RetryAfterSeconds > 0) return PortalSignInOutcome.TooManyAttempts;
        if (found.Refusal == IdentityProblems.SecondFactorNeeded) return PortalSignInOutcome.SecondFactorNeeded;
        if (found.User is not { } user) return PortalSignInOutcome.InvalidCredentials;
        await EndEarlier(http);
        if (await sessions.BeginPortal(http, user, found.SecondFactor) is not { } current)
            return PortalSignInOutcome.InvalidCredentials;
        // The response of this request can already show a page of theirs.
        http.User = new(PortalCookie.Identity(current));
        await http.SignInAsync(Scheme, http.User);
        return PortalSignInOutcome.SignedIn;
    }

    /// <summary>Returns the address that the person signs in with.</summary>
    public Task<string?> EmailOf(CurrentUser user) => db.Statement(Email).With(user.Id).Value<string>();

    /// <summary>Ends the session on every replica and removes the cookie.</summary>
    public async Task SignOut(HttpContext http)
    {
        await EndEarlier(http);
        await http.SignOutAsync(Scheme);
    }

    /// <summary>Ends the browser's earlier session, so that none stays open unseen.</summary>
    async Task EndEarlier(HttpContext http)
    {
        if ((await http.AuthenticateAsync(Scheme)).Principal is not { } principal
            || CurrentUser.Of(principal) is not { } user) return;
        await sessions.End(user, user.Session, "signed_out");
    }

    const string Email = "select email from identity.users where id = $1";
}

/// <summary>Puts pages behind the portal's cookie.</summary>
static class PortalRoutes
{
    /// <param name="policy">One of <see cref="Allow"/>.</param>
    public static TBuilder RequirePortal<TBuilder>(this TBuilder route, string policy) where TBuilder
        : IEndpointConventionBuilder =>
        route.RequireAuthorization(new AuthorizeAttribute(policy) { AuthenticationSchemes = PortalSignIn.Scheme });
}
