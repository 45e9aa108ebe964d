using Amrutam.Identity.Accounts;
using Amrutam.Identity.Mail;
using Amrutam.Identity.Passwords;
using Amrutam.Identity.Sessions;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity.OwnSecurity;

/// <summary>Changes the caller's password, ends every session and begins a new one.</summary>
static class ChangePassword
{
    sealed record Request(string NewPassword, string? Password = null, string? TotpCode = null,
        string? RecoveryCode = null);

    public static void Map(RouteGroupBuilder me) =>
        me.MapPost("/password", Handle).WithSummary("Change your password")
            .WithDescription("Ends every other session of the account and gives new tokens.")
            .WithProblems([IdentityProblems.WeakPassword, .. Reauthentication.Refusals]);

    static async Task<Results<Ok<TokenPair>, ProblemHttpResult>> Handle(Request request, HttpContext http,
        CurrentUser caller, Reauthentication again, UserManager<User> users, IdentityDb identity,
        NewPasswordHash chosen, SessionStore sessions, Emails emails)
    {
        var known = await again.Check(http, caller,
            new(request.Password, request.TotpCode, request.RecoveryCode));
        if (known.User is not { } user) return known.Refusal!;
        var made = await chosen.Hash(request.NewPassword, user.Email!);
        if (made.Violation is { } violation) return IdentityProblems.Weak("new_password", violation);
        user.PasswordHash = made.Hash;
        await identity.Change(async connection =>
        {
            await users.UpdateSecurityStampAsync(user);
            await connection.Append("passwords.changed", user.Id, caller.Id, caller.Role);
            await emails.PasswordChanged(connection, user);
            await sessions.EndAll(connection, user.Id, caller, "password_changed");
        });
        return await sessions.BeginApi(http, user, caller.SecondFactor) is { } tokens
            ? TypedResults.Ok(tokens)
            : CommonProblems.NotSignedIn.Because();
    }
}
