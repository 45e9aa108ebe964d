using Amrutam.Identity.Contracts;
using Amrutam.Platform;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity;

/// <summary>Confirms that an address is its account's, by the token that was sent there.</summary>
static class VerifyEmail
{
    sealed record Request(string Token);

    const string Requests = "mails to an account";

    public static void Map(RouteGroupBuilder auth, RouteGroupBuilder me)
    {
        auth.MapPost("/email-verification", Handle).WithSummary("Confirm an e-mail address").Produces(204)
            .Refuses(IdentityProblems.InvalidToken);
        me.MapPost("/email-verification", SendAgain).WithSummary("Send the confirmation message again").Produces(202)
            .Refuses(Problems.TooMany);
    }

    static async Task<IResult> Handle(Request request, UserManager<User> users, IdentityDb identity) =>
        await Take(request.Token, users, identity) is { } refusal ? IdentityProblems.Because(refusal)
            : TypedResults.NoContent();

    public static async Task<Refusal?> Take(string token, UserManager<User> users, IdentityDb identity)
    {
        var done = await identity.Change(async connection =>
        {
            if (await MailedTokens.Take(connection, token, MailedTokens.VerifyEmail) is not { } taken)
                return false;
            if (await users.FindByIdAsync(taken.User.ToString()) is not { } user) return false;
            user.EmailConfirmed = true;
            await users.UpdateAsync(user);
            await connection.Append("accounts.email_verified", user.Id, user.Id, user.Role);
            return true;
        });
        return done ? null : new(IdentityProblems.InvalidToken);
    }

    static async Task<IResult> SendAgain(HttpContext http, CurrentUser caller, UserManager<User> users,
        IdentityDb identity, Letters letters, Attempts attempts,
        Limits limits)
    {
        var wait = await attempts.CountInMinute(Requests, caller.Id.ToString(), limits.MailsPerAddress);
        if (wait > 0) return IdentityProblems.ComeBack(http, wait);
        if (await users.FindByIdAsync(caller.Id.ToString()) is not { } user) return Problems.NotFound();
        if (!user.EmailConfirmed) await identity.Change(async connection =>
        {
            await letters.VerifyAddress(connection, user.Email!,
                await MailedTokens.Make(connection, user, MailedTokens.VerifyEmail));
            await connection.Append("email_verifications.requested", user.Id, caller.Id, caller.Role);
        });
        return TypedResults.StatusCode(202);
    }
}
