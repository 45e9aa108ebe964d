using System.Security.Claims;
using Amrutam.Identity.OwnSecurity;
using Amrutam.Identity.Sessions;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Identity.Contracts;

/// <summary>A secret for an authenticator app, as text and as a QR code in a data URI.</summary>
sealed record SecondFactorOffer(string Secret, string QrPng);

/// <summary>The reason why a step of the enrolment was refused: an HTTP status and the problem's code.</summary>
sealed record EnrolmentProblem(int Status, string Code);

/// <summary>Enrols an authenticator app for a person who is signed in to the web pages, by the rules of the API's
/// routes.</summary>
sealed class PortalSecondFactor(SecondFactorEnrolment enrolment, SessionStore sessions)
{
    /// <summary>The code of the problem of a caller whose role requires a second factor and who has none.</summary>
    public const string Needed = "mfa_enrolment_required";

    /// <summary>Creates a secret, after the password was given again.</summary>
    public async Task<(EnrolmentProblem? Problem, SecondFactorOffer? Offer)> Offer(HttpContext http,
        CurrentUser caller, string password)
    {
        var (refusal, offered) = await enrolment.Offer(http, caller, new(password));
        return offered is null ? (Of((ProblemHttpResult)refusal!), null) : (null, Of(offered));
    }

    /// <summary>The secret that waits for its first code; null if there is none.</summary>
    public async Task<SecondFactorOffer?> Pending(CurrentUser caller) =>
        await enrolment.Pending(caller) is { } offered ? Of(offered) : null;

    /// <summary>Takes the app's first code. The browser then has a session that began with the second factor.</summary>
    public async Task<(EnrolmentProblem? Problem, IReadOnlyList<string>? RecoveryCodes)> Confirm(HttpContext http,
        CurrentUser caller, string code)
    {
        var (refusal, confirmed) = await enrolment.Confirm(http, caller, code);
        if (confirmed is null) return (Of((ProblemHttpResult)refusal!), null);
        if (await sessions.BeginPortal(http, confirmed.User, secondFactor: true) is { } current)
        {
            var principal = new ClaimsPrincipal(PortalCookie.Identity(current));
            await http.SignInAsync(PortalCookie.Scheme, principal);
            // The forms of the page that follows belong to the new session.
            http.User = principal;
        }
        return (null, confirmed.RecoveryCodes);
    }

    static SecondFactorOffer Of(SecondFactorEnrolment.Offered offered) => new(offered.Secret, offered.QrPng);

    static EnrolmentProblem Of(ProblemHttpResult refusal) =>
        new(refusal.StatusCode, refusal.Code()!);
}
