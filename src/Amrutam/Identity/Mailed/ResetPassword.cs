using Amrutam.Platform;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity;

/// <summary>Lets in who forgot the password, by a token sent to the account's address. The second factor
/// stays.</summary>
/// <remarks>Asking is answered alike and as quickly whether or not there is an account: the letter is only
/// queued.</remarks>
static class ResetPassword
{
    sealed record Request(string Email);

    sealed record Confirmation(string Token, string Password);

    const string PerAddress = "password resets of an address", PerAccount = "password resets of an account";

    public static void Map(RouteGroupBuilder auth)
    {
        auth.MapPost("/password-reset", Ask).WithSummary("Ask for a new password by e-mail").Produces(202)
            .Refuses(Problems.TooMany);
        auth.MapPost("/password-reset/confirmation", Confirm)
            .WithSummary("Choose a new password with the token of the message")
            .Produces(204).Refuses(IdentityProblems.InvalidToken, IdentityProblems.WeakPassword);
    }

    static async Task<IResult> Ask(Request request, HttpContext http, UserManager<User> users, IdentityDb identity,
        Letters letters, Attempts attempts, Limits limits)
    {
        var wait = await attempts.CountInMinute(PerAddress, ClientAddress.Counted(http), limits.MailsPerAddress);
        if (wait > 0) return IdentityProblems.ComeBack(http, wait);
        // One letter a minute: who asks more often already has one. The answer says nothing of it.
        var alreadySent = await attempts.CountInMinute(PerAccount, EmailAddress.Normal(request.Email),
            limits.MailsPerAddress == 0 ? 0 : 1) > 0;
        if (!alreadySent && await users.FindByEmailAsync(request.Email) is
            {
                SuspendedAt: null,
                ErasedAt: null
            } user) await identity.Change(async connection =>
            {
                await letters.ResetPassword(connection, user.Email!,
                    await MailedTokens.Make(connection, user, MailedTokens.ResetPassword));
                await connection.Append("password_resets.requested", user.Id, actor: null, "anonymous");
            });
        return TypedResults.StatusCode(202);
    }

    static async Task<IResult> Confirm(Confirmation request, UserManager<User> users, IdentityDb identity,
        IPasswordHasher<User> hasher, HashingLane lane,
        Sessions sessions, Letters letters)
    {
        // Whose token it is, is not known yet; the part about the address is looked at once it is.
        if (PasswordRules.Objection(request.Password, "") is { } objection)
            return IdentityProblems.Weak("password", objection);
        var hash = await lane.Run(() => hasher.HashPassword(Decoy.Nobody, PasswordRules.Normal(request.Password)!));
        var refusal = IdentityProblems.InvalidToken.Because() as IResult;
        var done = await identity.Change(async connection =>
        {
            if (await MailedTokens.Take(connection, request.Token, MailedTokens.ResetPassword) is not { } taken)
                return false;
            if (await users.FindByIdAsync(taken.User.ToString()) is not { SuspendedAt: null } user) return false;
            if (PasswordRules.Objection(request.Password, user.Email!) is { } own)
            {
                refusal = IdentityProblems.Weak("password", own);
                return false;
            }
            (user.PasswordHash, user.EmailConfirmed) = (hash, true);
            await users.UpdateSecurityStampAsync(user);
            await connection.Append("passwords.reset", user.Id, user.Id, user.Role);
            await letters.PasswordChanged(connection, user);
            await sessions.EndAll(connection, user.Id, by: null, "password_reset");
            return true;
        });
        return done ? TypedResults.NoContent() : refusal;
    }
}
