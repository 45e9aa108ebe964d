using System.Globalization;
using Amrutam.Identity.Contracts;
using Amrutam.Identity.EmailLinks;
using Amrutam.Identity.Passwords;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Identity;

/// <summary>The problems of Identity.</summary>
static class IdentityProblems
{
    public static readonly Problem RoleNotOpen =
        new(422, "role_not_open_to_signup", "Sign up as a patient or a doctor; staff and admins are invited");
    public static readonly Problem EmailTaken =
        new(409, "email_already_registered",
        "An account with this e-mail address exists; sign in, or use another address");
    public static readonly Problem WeakPassword = new(422, "weak_password",
        "This password is too easy to guess; choose a longer one");
    public static readonly Problem InvalidCredentials =
        new(401, "invalid_credentials", "The address, password or code is wrong; check them");
    public static readonly Problem SecondFactorNeeded =
        new(401, "mfa_required", "Sign in with the code of your authenticator app or a recovery code too");
    public static readonly Problem EnrolmentNeeded =
        new(403, PortalSecondFactor.Needed, "Your role needs a second factor: enrol one, then sign in with it");
    public static readonly Problem InvalidRefreshToken =
        new(401, "invalid_refresh_token", "The refresh token is used, expired or not valid; sign in again");

    public static readonly Problem ReauthenticationNeeded =
        new(403, "reauthentication_required", "Give your password; without one, sign in again with your passkey first");
    public static readonly Problem WrongPassword = new(422, "wrong_password",
        "The password is wrong; enter the password of your account");
    public static readonly Problem WrongCode = new(422, "wrong_code",
        "The code is wrong; enter the code that your app shows now");
    public static readonly Problem SecondFactorIsThere =
        new(409, "second_factor_enrolled", "A second factor is enrolled; remove it first");
    public static readonly Problem NoSecondFactor = new(409, "no_second_factor",
        "No second factor is enrolled; enrol one first");
    public static readonly Problem EmailNotVerified =
        new(403, "email_not_verified", "Confirm your e-mail address first");
    public static readonly Problem InvitationAlreadyOpen =
        new(409, "invitation_already_open", "This address has an open invitation; withdraw it first");
    public static readonly Problem InvalidToken =
        new(422, "invalid_token", "This link is used, expired or not valid; ask for another");
    public static readonly Problem InvalidPasskey = new(401, "invalid_passkey",
        "The passkey was not accepted; use another one, or your password");
    public static readonly Problem PasskeyRefused =
        new(422, "passkey_refused", "The passkey could not be registered; begin again");
    public static readonly Problem TooManyPasskeys =
        new(409, "too_many_passkeys", "Remove a passkey before you add another") { IsLimit = true };
    public static readonly Problem LastCredential =
        new(409, "last_credential", "This is the only way into your account; add another first");
    public static readonly Problem LastAdmin = new(409, "last_admin",
        "This is the last admin; invite another one first");

    public static readonly Problem OwnAccount =
        new(422, "own_account", "Change your own account under /api/me, not as an admin");

    /// <summary>429 with the seconds to wait in <c>Retry-After</c>.</summary>
    public static ProblemHttpResult ComeBack(HttpContext http, int seconds)
    {
        http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return CommonProblems.TooMany.Because($"Try again in {seconds} s.");
    }

    public static ProblemHttpResult Because(EmailLinkFailure failure) => failure.Violation is { } violation
        ? Weak("password", violation)
        : failure.Problem.Because();

    /// <summary>422 that names the field and its violation.</summary>
    public static ProblemHttpResult Weak(string field, PasswordViolation violation) =>
        WeakPassword.Because("The password " + violation.Text + ".",
            new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["errors"] = new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [violation.Text] },
            });
}
