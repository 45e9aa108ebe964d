using Amrutam.Identity.Accounts;
using Amrutam.Identity.Contracts;
using Amrutam.Identity.Mail;
using Amrutam.Identity.Passwords;
using Amrutam.Identity.Sessions;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Identity;
using Npgsql;

namespace Amrutam.Identity.EmailLinks;

/// <summary>Lets in who forgot the password, by a token sent to the account's address. The second factor
/// stays.</summary>
/// <remarks>Asking is answered alike and after the same time whether or not there is an account: the letter is only
/// queued, and no answer comes sooner than queueing takes.</remarks>
static class ResetPassword
{
    sealed record Request(string Email);

    sealed record Confirmation(string Token, string Password);

    const string PerAddress = "password resets of an address", PerAccount = "password resets of an account";

    // Then one after a minute, two, four, up to an hour: some thirty a day at most.
    const int LettersInARow = 3, LongestWait = 60 * 60;

    // Several times what queueing takes, and not yet a wait.
    static readonly TimeSpan AnswersAfter = TimeSpan.FromMilliseconds(200);

    public static void Map(RouteGroupBuilder auth)
    {
        auth.MapPost("/password-reset", Ask).WithSummary("Ask for a new password by e-mail").Produces(202)
            .WithProblems(CommonProblems.TooMany);
        auth.MapPost("/password-reset/confirmation", Confirm)
            .WithSummary("Choose a new password with the token of the message")
            .Produces(204).WithProblems(IdentityProblems.InvalidToken, IdentityProblems.WeakPassword);
    }

    static async Task<IResult> Ask(Request request, HttpContext http, UserManager<User> users, IdentityDb identity,
        Emails letters, AttemptLimiter attempts, IdentityLimits limits, TimeProvider clock)
    {
        var wait = await Send(http, request.Email, users, identity, letters, attempts, limits, clock);
        return wait > 0 ? IdentityProblems.ComeBack(http, wait) : TypedResults.StatusCode(202);
    }

    /// <returns>How many seconds to wait before asking again; 0 when it was heard.</returns>
    public static async Task<int> Send(HttpContext http, string email, UserManager<User> users, IdentityDb identity,
        Emails letters, AttemptLimiter attempts, IdentityLimits limits, TimeProvider clock)
    {
        var soonest = Task.Delay(AnswersAfter, clock);
        var wait = await attempts.CountInMinute(PerAddress, ClientAddress.Counted(http), limits.MailsPerAddress);
        if (wait > 0) return wait;
        // Who asks more often already has letters that work, and nobody can fill somebody's inbox by asking for them.
        // The answer says nothing of it.
        var alreadySent = await attempts.CountInRow(PerAccount, EmailAddress.Normal(email),
            limits.MailsPerAddress == 0 ? 0 : LettersInARow, LongestWait) > 0;
        if (!alreadySent && await users.FindByEmailAsync(email) is { SuspendedAt: null, ErasedAt: null } user)
            await identity.Change(async connection =>
            {
                await letters.ResetPassword(connection, user.Email!,
                    await EmailLinkTokens.Make(connection, user, EmailLinkTokens.ResetPassword));
                await connection.Append("password_resets.requested", user.Id, actor: null, "anonymous");
            });
        await soonest;
        return AttemptLimiter.NotRefused;
    }

    static async Task<IResult> Confirm(Confirmation request, NpgsqlDataSource db, UserManager<User> users,
        IdentityDb identity, NewPasswordHash chosen, SessionStore sessions, Emails letters) =>
        await Take(request.Token, request.Password, db, users, identity, chosen, sessions, letters) is { } refusal
            ? IdentityProblems.Because(refusal)
            : TypedResults.NoContent();

    /// <remarks>The token is looked at before the password is hashed, so that no stranger makes us hash.</remarks>
    public static async Task<Refusal?> Take(string token, string password, NpgsqlDataSource db,
        UserManager<User> users, IdentityDb identity, NewPasswordHash chosen, SessionStore sessions, Emails letters)
    {
        if (await EmailLinkTokens.Find(db, token, EmailLinkTokens.ResetPassword) is not { } found)
            return new(IdentityProblems.InvalidToken);
        var made = await chosen.Hash(password, found.Email);
        if (made.Objection is not null) return new(IdentityProblems.WeakPassword, made.Objection);
        var done = await identity.Change(async connection =>
        {
            if (await EmailLinkTokens.Take(connection, token, EmailLinkTokens.ResetPassword) is not { } taken
                || await users.FindByIdAsync(taken.User.ToString()) is not { SuspendedAt: null } user) return false;
            (user.PasswordHash, user.EmailConfirmed) = (made.Hash, true);
            await users.UpdateSecurityStampAsync(user);
            await connection.Append("passwords.reset", user.Id, user.Id, user.Role);
            await letters.PasswordWasReset(connection, user);
            await connection.Statement(RemovePasskeys).With(user.Id).With(user.Role).With(CommonProblems.Trace())
                .Execute();
            await sessions.EndAll(connection, user.Id, by: null, "password_reset");
            return true;
        });
        return done ? null : new(IdentityProblems.InvalidToken);
    }

    const string RemovePasskeys = """
        with removed as (delete from identity.passkeys where user_id = $1 returning user_id)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select $1, $2, 'passkeys.removed', 'account', user_id, '{"because": "password_reset"}', $3 from removed
        """;
}
