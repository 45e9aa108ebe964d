using Amrutam.Identity.Accounts;
using Amrutam.Identity.Mail;
using Amrutam.Identity.SecondFactor;
using Amrutam.Identity.Sessions;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using OtpNet;
using QRCoder;

namespace Amrutam.Identity.OwnSecurity;

/// <summary>Enrols an authenticator app: it offers a secret, and enables the second factor after the first code shows
/// that the app has the secret.</summary>
/// <remarks>Every session ends, because none began with the second factor. The caller begins a new one, which counts
/// as begun with it.</remarks>
sealed class SecondFactorEnrolment(Reauthentication again, Authenticators authenticators, UserManager<User> users,
    IdentityDb identity, AttemptLimiter attempts, SessionStore sessions, Emails emails, IdentityLimits limits,
    FailedAttempts failed)
{
    const string Tries = "second factor confirmations";

    const int PixelsPerModule = 6;

    /// <param name="Secret">In base32, as an app takes it by hand.</param>
    /// <param name="Uri">The key URI.</param>
    /// <param name="QrPng">The key URI as a QR code: a data URI that a page can show directly.</param>
    public sealed record Offered(string Secret, string Uri, string QrPng);

    public sealed record Confirmed(User User, IReadOnlyList<string> RecoveryCodes);

    /// <summary>Creates a secret. It needs every factor again and a proven address.</summary>
    public async Task<(ProblemHttpResult? Refusal, Offered? Offered)> Offer(HttpContext http, CurrentUser caller,
        Proof proof)
    {
        var known = await again.Check(http, caller, proof);
        if (known.User is not { } user) return (known.Refusal, null);
        if (!user.EmailConfirmed) return (IdentityProblems.EmailNotVerified.Because(), null);
        return await authenticators.Enrol(caller) is { } secret
            ? (null, Show(secret, user.Email!))
            : (IdentityProblems.SecondFactorIsThere.Because(), null);
    }

    /// <summary>The secret that waits for its first code; null if there is none.</summary>
    public async Task<Offered?> Pending(CurrentUser caller) =>
        await authenticators.Pending(caller.Id) is { } secret
            && await users.FindByIdAsync(caller.Id.ToString()) is { Email: { } email } ? Show(secret, email) : null;

    public async Task<(ProblemHttpResult? Refusal, Confirmed? Confirmed)> Confirm(HttpContext http, CurrentUser caller,
        string code)
    {
        var wait = await attempts.CountInMinute(Tries, caller.Id.ToString(), limits.SignInFailuresPerAccount);
        if (wait > 0) return (IdentityProblems.ComeBack(http, wait), null);
        if (!await authenticators.CheckCode(caller.Id, code, confirmed: false))
        {
            failed.Count(FailedAttempts.Code, caller.Id, caller.Role);
            return (IdentityProblems.WrongCode.Because(), null);
        }
        if (await users.FindByIdAsync(caller.Id.ToString()) is not { } user) return (CommonProblems.NotFound(), null);
        user.TwoFactorEnabled = true;
        string[] codes = [];
        var done = await identity.Change(async connection =>
        {
            if (await Authenticators.Confirm(connection, user.Id) == 0) return false;
            await users.UpdateAsync(user);
            codes = await RecoveryCodes.Renew(connection, user.Id);
            await connection.Append("second_factors.enrolled", user.Id, caller.Id, caller.Role);
            await emails.SecondFactorAdded(connection, user);
            await sessions.EndAll(connection, user.Id, caller, "second_factor_enrolled");
            return true;
        });
        return done ? (null, new(user, codes)) : (IdentityProblems.WrongCode.Because(), null);
    }

    static Offered Show(byte[] secret, string email)
    {
        var uri = new OtpUri(OtpType.Totp, secret, email, "Amrutam").ToString();
        using var data = QRCodeGenerator.GenerateQrCode(uri, QRCodeGenerator.ECCLevel.M);
        using var code = new PngByteQRCode(data);
        return new(Base32Encoding.ToString(secret), uri,
            "data:image/png;base64," + Convert.ToBase64String(code.GetGraphic(PixelsPerModule)));
    }
}
