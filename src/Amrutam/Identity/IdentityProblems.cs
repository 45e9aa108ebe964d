using System.Globalization;
using Amrutam.Platform;

namespace Amrutam.Identity;

/// <summary>The ways in which an account's request may be refused.</summary>
static class IdentityProblems
{
    public static readonly Problem RoleNotOpen =
        new(422, "role_not_open_to_signup", "One signs up as a patient or a doctor; admins are invited");
    public static readonly Problem EmailTaken =
        new(409, "email_already_registered", "An account with this e-mail address exists");
    public static readonly Problem WeakPassword = new(422, "weak_password", "This password is too easy to guess");
    public static readonly Problem InvalidCredentials =
        new(401, "invalid_credentials", "The address, password or code is not right");
    public static readonly Problem SecondFactorNeeded =
        new(401, "mfa_required", "Sign in with the code of your authenticator app or a recovery code too");
    public static readonly Problem EnrolmentNeeded =
        new(403, "mfa_enrolment_required", "Your role needs a second factor: enrol one, then sign in with it");
    public static readonly Problem InvalidRefreshToken =
        new(401, "invalid_refresh_token", "The refresh token is used, expired or not valid; sign in again");

    /// <summary>429, saying when to come back.</summary>
    public static IResult ComeBack(HttpContext http, int seconds)
    {
        http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return Problems.TooMany.Because($"Try again in {seconds} s.");
    }

    public static IResult Weak(string field, string objection) =>
        WeakPassword.Because("The password " + objection + ".",
        new Dictionary<string, object?>(
            StringComparer.Ordinal) { ["errors"] =
            new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [objection] } });
}
