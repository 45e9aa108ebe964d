using Amrutam.Identity.Accounts;
using Amrutam.Identity.Passwords;
using Amrutam.Identity.SecondFactor;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Identity;
using Npgsql;

namespace Amrutam.Identity.SignIn;

/// <summary>What somebody offers to sign in with.</summary>
sealed record Credentials(string Email, string Password, string? TotpCode = null, string? RecoveryCode = null);

/// <summary>Who may begin a session, or why nobody may.</summary>
sealed record Checked(User? User, bool SecondFactor, Problem? Refusal, int RetryAfterSeconds);

/// <summary>Decides whether somebody is who they say: limits first, then the password, then the second
/// factor.</summary>
/// <remarks>
/// An unknown address, a wrong password, an account without a password and a suspended account get the same answer
/// after the same work: the same counts are written, one row is read whether or not there is an account, one
/// hash is computed. Only who gave the right password has their account loaded. Attempts are counted
/// before the hash and by address text, whether or not an account has it.
/// </remarks>
sealed class CredentialCheck(NpgsqlDataSource db, UserManager<User> users, IPasswordHasher<User> hasher,
    PasswordHashingQueue lane, AttemptLimiter attempts, IdentityLimits limits, DummyHash decoy,
    Authenticators authenticators, FailedAttempts failed)
{
    const string PerAddress = "sign-ins of an address",
        PerAccountFromAddress = "failures of an account from an address", PerAccount = "failures of an account";

    // A person who mistyped waits a minute; who goes on is somebody else, and waits up to a quarter of an hour.
    const int LongestWaitFromAddress = 15 * 60;

    // A guesser with many addresses: after ten times the failures, one guess a minute. Where the owner signed in lately
    // they are not held up.
    const int ManyAddresses = 10, LongestWaitOfAccount = 60;

    public async Task<Checked> Check(HttpContext http, Credentials given)
    {
        var answer = await Judge(http, given);
        SignInMeter.Count(answer.RetryAfterSeconds > 0 ? CommonProblems.TooMany : answer.Refusal);
        return answer;
    }

    async Task<Checked> Judge(HttpContext http, Credentials given)
    {
        var found = await CheckPassword(http, given);
        if (found.User is not { TwoFactorEnabled: true } user) return await Succeed(http, found);
        if (given.TotpCode is null && given.RecoveryCode is null) return Refuse(IdentityProblems.SecondFactorNeeded);
        return await TakeCode(user, given.TotpCode, given.RecoveryCode)
            ? await Succeed(http, found with { SecondFactor = true })
            : Refuse(IdentityProblems.InvalidCredentials);
    }

    /// <summary>Takes a code of the account's authenticator, or one of its recovery codes; each works once.</summary>
    public async Task<bool> TakeCode(User user, string? totp, string? recovery)
    {
        var isRight = totp is not null
            ? await authenticators.Take(user.Id, totp, confirmed: true)
            : recovery is not null && await RecoveryCodes.Use(db, user, recovery);
        if (!isRight) failed.Count(FailedAttempts.Code, user.Id, FailedAttempts.Anonymous);
        return isRight;
    }

    /// <summary>The password alone, counted and answered like a sign-in: for who is signed in and is asked
    /// again.</summary>
    public async Task<Checked> CheckPassword(HttpContext http, Credentials given)
    {
        var email = EmailAddress.Normal(given.Email);
        var wait = await Count(http, email);
        if (wait > 0) return new(null, SecondFactor: false, CommonProblems.TooMany, wait);
        var password = PasswordPolicy.Normal(given.Password);
        var asked = (await db.Statement(Find).With(users.NormalizeEmail(given.Email) ?? "")
            .One(row => new Asked(row.GetGuidOrNull(0), row.GetStringOrNull(1), row.GetBoolean(2))))!;
        var verified = password is null ? PasswordVerificationResult.Failed
            : await lane.Run(() => hasher.VerifyHashedPassword(DummyHash.Nobody, asked.Hash ?? decoy.Hash, password));
        if (verified is PasswordVerificationResult.Failed
            || asked is not { Id: { } id, Hash: not null, Suspended: false }
            || await users.FindByIdAsync(id.ToString()) is not { } user)
        {
            failed.Count(FailedAttempts.SignIn, asked.Id, FailedAttempts.Anonymous);
            return Refuse(IdentityProblems.InvalidCredentials);
        }
        // Stores a hash with the present rounds, for which it computes the old one once more.
        if (verified is PasswordVerificationResult.SuccessRehashNeeded)
            await lane.Run(() => users.CheckPasswordAsync(user, password!));
        return new(user, SecondFactor: false, Refusal: null, RetryAfterSeconds: 0);
    }

    sealed record Asked(Guid? Id, string? Hash, bool Suspended);

    /// <summary>A row of failures ends when everything that was asked for was right, not before.</summary>
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

/// <summary>A hash of nothing that anybody knows, with the present rounds: what is computed for an account that is not
/// there.</summary>
sealed class DummyHash(IPasswordHasher<User> hasher)
{
    /// <summary>Stands where the hasher asks for an account and does not look at it.</summary>
    public static User Nobody { get; } = new() { Role = "" };

    public string Hash => field ??= hasher.HashPassword(Nobody, Guid.CreateVersion7().ToString());
}
