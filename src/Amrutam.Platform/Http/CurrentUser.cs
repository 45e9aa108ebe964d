using System.Collections.Frozen;
using System.Security.Claims;
using Amrutam.Platform.Http.Problems;

namespace Amrutam.Platform.Http;

/// <summary>The caller. It comes from the verified access token or portal session, never from a body, and no request
/// loads it.</summary>
/// <param name="Id">The account.</param>
/// <param name="Role">patient, doctor, staff or admin.</param>
/// <param name="Session">The session that the token belongs to (claim <c>sid</c>).</param>
/// <param name="SecondFactor">True if they signed in with a second factor.</param>
sealed record CurrentUser(Guid Id, string Role, Guid Session, bool SecondFactor = false)
{
    /// <summary>The trace id of the running request. Its events have the same.</summary>
    public string Trace => CommonProblems.Trace();

    /// <summary>True for staff and admins, who act on the bookings of others for the clinic.</summary>
    public bool ActsForClinic => Role is Allow.Staff or Allow.Admin;

    public static ValueTask<CurrentUser?> BindAsync(HttpContext http) =>
        ValueTask.FromResult<CurrentUser?>(From(http));

    /// <exception cref="InvalidOperationException">Nobody is signed in.</exception>
    public static CurrentUser From(HttpContext http) =>
        Of(http) ?? throw new InvalidOperationException("nobody is signed in");

    /// <returns>Null when nobody is signed in.</returns>
    public static CurrentUser? Of(HttpContext http) => http.Features.Get<CurrentUser>() ?? Of(http.User);

    /// <inheritdoc cref="Of(HttpContext)"/>
    public static CurrentUser? Of(ClaimsPrincipal principal) => (principal.Identity as UserIdentity)?.User;
}

/// <summary>The identity of a caller who is signed in to the portal. It carries their <see cref="CurrentUser"/>, so
/// that no request parses claims.</summary>
/// <remarks>Its claims are made when they are read, because almost nothing reads them.</remarks>
sealed class UserIdentity(CurrentUser user, string scheme) : ClaimsIdentity(scheme, "sub", Role)
{
    public const string SecondFactorClaim = "mfa";
    const string Role = "role";

    public CurrentUser User => user;

    public override IEnumerable<Claim> Claims
    {
        get
        {
            yield return new("sub", user.Id.ToString());
            yield return new("sid", user.Session.ToString());
            yield return new(Role, user.Role);
            if (user.SecondFactor) yield return new(SecondFactorClaim, "true", ClaimValueTypes.Boolean);
        }
    }

    /// <summary>Every route with a policy checks a role in this way.</summary>
    public override bool HasClaim(string type, string value) =>
        type == Role ? value == user.Role : base.HasClaim(type, value);

    public override ClaimsIdentity Clone() => new UserIdentity(user, AuthenticationType!);
}

/// <summary>The authorization policies: their names and their roles. A route without a policy refuses
/// everybody.</summary>
static class Allow
{
    public const string SignedIn = "signed_in";
    public const string Patient = "patient";
    public const string Doctor = "doctor";
    public const string Staff = "staff";
    public const string Admin = "admin";
    public const string PatientOrDoctor = "patient_or_doctor";
    public const string Desk = "desk";
    public const string DeskOrDoctor = "desk_or_doctor";

    public static FrozenDictionary<string, string[]> Roles { get; } = new Dictionary<string, string[]>
    {
        [SignedIn] = [Patient, Doctor, Staff, Admin], [Patient] = [Patient], [Doctor] = [Doctor], [Staff] = [Staff],
        [Admin] = [Admin], [PatientOrDoctor] = [Patient, Doctor], [Desk] = [Staff, Admin],
        [DeskOrDoctor] = [Doctor, Staff, Admin],
    }.ToFrozenDictionary(StringComparer.Ordinal);
}
