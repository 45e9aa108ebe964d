using Amrutam.Platform;
using Microsoft.AspNetCore.Identity;
using Npgsql;

namespace Amrutam.Identity;

/// <summary>Asks again who somebody is before what could lock the owner out: password, address, second factor,
/// passkeys, leaving.</summary>
/// <remarks>By the password, counted like a sign-in. Who has no password signed in with a passkey, and did so a moment
/// ago.</remarks>
sealed class Reauthentication(NpgsqlDataSource db, UserManager<User> users, CredentialCheck check,
    IdentitySettings settings)
{
    public sealed record Outcome(User? User, IResult? Refusal);

    public async Task<Outcome> Check(HttpContext http, CurrentUser caller, string? password)
    {
        if (await users.FindByIdAsync(caller.Id.ToString()) is not { SuspendedAt: null } user)
            return new(null, Problems.NotSignedIn.Because());
        if (user.PasswordHash is null)
            return await db.Statement(BegunLately).With(caller.Session).With(settings.FreshMinutes).Value<bool>()
                ? new(user, null) : new(null, IdentityProblems.ReauthenticationNeeded.Because());
        if (password is null) return new(null, IdentityProblems.ReauthenticationNeeded.Because());
        var found = await check.CheckPassword(http, new(user.Email!, password));
        if (found.RetryAfterSeconds > 0) return new(null, IdentityProblems.ComeBack(http, found.RetryAfterSeconds));
        return found.User is null ? new(null, IdentityProblems.WrongPassword.Because()) : new(user, null);
    }

    const string BegunLately = """
        select exists (select from identity.sessions
           where id = $1 and ended_at is null and created_at > now() - $2 * interval '1 minute')
        """;
}
