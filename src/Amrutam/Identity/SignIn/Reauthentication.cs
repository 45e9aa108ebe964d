using Amrutam.Identity.Accounts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Npgsql;

namespace Amrutam.Identity.SignIn;

/// <summary>The factors that a signed-in caller gives again.</summary>
sealed record Proof(string? Password = null, string? TotpCode = null, string? RecoveryCode = null);

/// <summary>Checks the caller's factors again before a change that could lock the owner out or that gives lasting
/// power.</summary>
/// <remarks> It requires every factor of the account: the password, with the limits of a sign-in, and a code. The code
/// is not required if the session began with one a few minutes ago. An account without a password needs a session that
/// began a few minutes ago with a passkey. A proof serves one request and does not change the session. </remarks>
sealed class Reauthentication(NpgsqlDataSource db, UserManager<User> users, CredentialCheck check,
    IdentitySettings settings)
{
    const string CodeToo = "Give the code of your authenticator app or a recovery code too.";

    public sealed record Outcome(User? User, ProblemHttpResult? Refusal);

    /// <summary>The problems of a route that requires a proof.</summary>
    public static readonly Problem[] Refusals = [IdentityProblems.ReauthenticationNeeded,
        IdentityProblems.WrongPassword, IdentityProblems.WrongCode, CommonProblems.TooMany];

    sealed record Begun(bool Lately, bool WithSecondFactor);

    public async Task<Outcome> Check(HttpContext http, CurrentUser caller, Proof proof)
    {
        if (await users.FindByIdAsync(caller.Id.ToString()) is not { SuspendedAt: null } user)
            return Refused(CommonProblems.NotSignedIn.Because());
        var session = await Session(caller);
        if (user.PasswordHash is null)
            return session.Lately ? new(user, null) : Refused(IdentityProblems.ReauthenticationNeeded.Because());
        if (proof.Password is null) return Refused(IdentityProblems.ReauthenticationNeeded.Because());
        var found = await check.CheckPassword(http, new(user.Email!, proof.Password));
        if (found.RetryAfterSeconds > 0) return Refused(IdentityProblems.ComeBack(http, found.RetryAfterSeconds));
        if (found.User is null) return Refused(IdentityProblems.WrongPassword.Because());
        if (user.TwoFactorEnabled && session is not { Lately: true, WithSecondFactor: true })
        {
            if (proof is { TotpCode: null, RecoveryCode: null })
                return Refused(IdentityProblems.ReauthenticationNeeded.Because(CodeToo));
            if (!await check.CheckCode(user, proof.TotpCode, proof.RecoveryCode))
                return Refused(IdentityProblems.WrongCode.Because());
        }
        await check.Succeed(http, found);
        return new(user, null);
    }

    /// <summary>Requires a proof unless the session began a few minutes ago.</summary>
    /// <returns>The problem, or null if the caller may proceed.</returns>
    public async Task<ProblemHttpResult?> CheckUnlessLately(HttpContext http, CurrentUser caller, Proof proof) =>
        (await Session(caller)).Lately ? null : (await Check(http, caller, proof)).Refusal;

    async Task<Begun> Session(CurrentUser caller) =>
        await db.Statement(ReadSession).With(caller.Session).With(settings.FreshMinutes)
            .One(row => new Begun(row.GetBoolean(0), row.GetBoolean(1)))
        ?? new(Lately: false, WithSecondFactor: false);

    static Outcome Refused(ProblemHttpResult refusal) => new(null, refusal);

    const string ReadSession = """
        select created_at > now() - $2 * interval '1 minute', second_factor
          from identity.sessions where id = $1 and ended_at is null
        """;
}
