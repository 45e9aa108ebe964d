using Amrutam.Identity.Accounts;
using Amrutam.Identity.Passwords;
using Amrutam.Identity.SecondFactor;
using Amrutam.Identity.Sessions;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Identity;
using Npgsql;

namespace Amrutam.Identity.SignIn;

/// <summary>The credentials of a sign-in.</summary>
sealed record Credentials(string Email, string Password, string? TotpCode = null, string? RecoveryCode = null);

/// <summary>The result of a check: the account, or the problem and the seconds to wait.</summary>
sealed record Checked(User? User, bool SecondFactor, Problem? Refusal, int RetryAfterSeconds);

/// <summary>Checks credentials: the limits first, then the password, then the second factor.</summary>
/// <remarks> An unknown address, a wrong password, an account without a password and a suspended account get the same
/// answer. They also cost the same work: the same counts, one row and one hash. The account is loaded only after the
/// right password. Attempts are counted before the hash, by the text of the address. </remarks>
sealed class CredentialCheck(NpgsqlDataSource db, UserManager<User> users, IPasswordHasher<User> hasher,
    PasswordHashingQueue queue, AttemptLimiter attempts, IdentityLimits limits, DummyHash dummy,
    Authenticators authenticators, FailedAttempts failed, SignInMeter meter)
{
    const string PerAddress = "sign-ins of an address",
        PerAccountFromAddress = "failures of an account from an address", PerAccount = "failures of an account";

    // The first wait is a minute, for a person who mistyped. It grows to a quarter of an hour.
    const int LongestWaitFromAddress = 15 * 60;

    // Against a guesser with many addresses: after ten times the failures, one guess a minute. A network from which the
    // owner signed in lately is exempt.
    const int ManyAddresses = 10, LongestWaitOfAccount = 60;

    public async Task<Checked> Check(HttpContext http, Credentials given)
    {
        var answer = await Judge(http, given);
        meter.Count(answer.RetryAfterSeconds > 0 ? CommonProblems.TooMany : answer.Refusal);
        return answer;
    }

    async Task<Checked> Judge(HttpContext http, Credentials given)
    {
        var found = await CheckPassword(http, given);
        if (found.User is not { TwoFactorEnabled: true } user) return await Succeed(http, found);
        if (given.TotpCode is null && given.RecoveryCode is null) return Refuse(IdentityProblems.SecondFactorNeeded);
        return await CheckCode(user, given.TotpCode, given.RecoveryCode)
            ? await Succeed(http, found with { SecondFactor = true })
            : Refuse(IdentityProblems.InvalidCredentials);
    }

    /// <summary>Checks a code of the account's authenticator or a recovery code; each works once.</summary>
    public async Task<bool> CheckCode(User user, string? totp, string? recovery)
    {
        var isRight = totp is not null
            ? await authenticators.CheckCode(user.Id, totp, confirmed: true)
            : recovery is not null && await RecoveryCodes.Use(db, user, recovery);
        if (!isRight) failed.Count(FailedAttempts.Code, user.Id, FailedAttempts.Anonymous);
        return isRight;
    }

    /// <summary>Checks the password alone, with the limits of a sign-in; used for reauthentication too.</summary>
    public async Task<Checked> CheckPassword(HttpContext http, Credentials given)
    {
        var email = EmailAddress.Normal(given.Email);
        var wait = await Count(http, email);
        if (wait > 0) return new(null, SecondFactor: false, CommonProblems.TooMany, wait);
        var password = PasswordPolicy.Normal(given.Password);
        var asked = (await db.Statement(Find).With(email)
            .One(row => new Asked(row.GetGuidOrNull(0), row.GetStringOrNull(1), row.GetBoolean(2))))!;
        var verified = password is null ? PasswordVerificationResult.Failed
            : await queue.Run(() => hasher.VerifyHashedPassword(DummyHash.Nobody, asked.Hash ?? dummy.Hash, password));
        if (verified is PasswordVerificationResult.Failed
            || asked is not { Id: { } id, Hash: not null, Suspended: false }
            || await users.FindByIdAsync(id.ToString()) is not { } user)
        {
            failed.Count(FailedAttempts.SignIn, asked.Id, FailedAttempts.Anonymous);
            return Refuse(IdentityProblems.InvalidCredentials);
        }
        // Stores a hash with the present rounds; the method verifies the old hash once more.
        if (verified is PasswordVerificationResult.SuccessRehashNeeded)
            await queue.Run(() => users.CheckPasswordAsync(user, password!));
        return new(user, SecondFactor: false, Refusal: null, RetryAfterSeconds: 0);
    }

    sealed record Asked(Guid? Id, string? Hash, bool Suspended);

    /// <summary>Resets the counts of failures after every required factor was right.</summary>
    public async Task<Checked> Succeed(HttpContext http, Checked found)
    {
        if (found.User is { } user) await ForgetFailures(http, EmailAddress.Normal(user.Email!));
        return found;
    }

    static Checked Refuse(Problem problem) => new(null, SecondFactor: false, problem, 0);

    async Task<int> Count(HttpContext http, string email)
    {
        var address = ClientAddress.Counted(http);
        var wait = await attempts.CountInMinute(PerAddress, address, limits.SignInsPerAddress);
        if (wait > 0) return wait;
        wait = await attempts.CountInRow(PerAccountFromAddress, email + ' ' + address, limits.SignInFailuresPerAccount,
            LongestWaitFromAddress);
        if (wait > 0) return wait;
        wait = await attempts.CountInRow(PerAccount, email, limits.SignInFailuresPerAccount * ManyAddresses,
            LongestWaitOfAccount);
        return wait > 0 && await db.Statement(SignedInHereLately).With(email).With(ClientAddress.Shown(http))
            .Value<bool>() ? 0 : wait;
    }

    Task<int> ForgetFailures(HttpContext http, string email) => db.InTransaction(async connection =>
        await AttemptLimiter.Forget(connection, PerAccountFromAddress, email + ' ' + ClientAddress.Counted(http))
        + await AttemptLimiter.Forget(connection, PerAccount, email));

    const string Find = """
        select u.id, u.password_hash, u.suspended_at is not null
          from (values (1)) as always left join identity.users u on u.normalized_email = $1
        """;

    const string SignedInHereLately = """
        select exists (
            select from identity.sessions s join identity.users u on u.id = s.user_id
             where u.normalized_email = $1 and s.network = $2 and s.created_at > now() - interval '90 days')
        """;
}
