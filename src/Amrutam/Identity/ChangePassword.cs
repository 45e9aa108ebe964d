using Amrutam.Platform;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity;

/// <summary>Changes the caller's password. Every session ends, this one too, and a new one begins.</summary>
static class ChangePassword
{
    sealed record Request(string NewPassword, string? Password = null, string? TotpCode = null,
        string? RecoveryCode = null);

    public static void Map(RouteGroupBuilder me) =>
        me.MapPost("/password", Handle).WithSummary("Change your password").Produces<Tokens>()
        .Refuses([IdentityProblems.WeakPassword, .. Reauthentication.Refusals]);

    static async Task<IResult> Handle(Request request, HttpContext http, CurrentUser caller, Reauthentication again,
        UserManager<User> users, IdentityDb identity,
        ChosenPassword chosen, Sessions sessions, Letters letters)
    {
        var known = await again.Check(http, caller,
            new(request.Password, request.TotpCode, request.RecoveryCode));
        if (known.User is not { } user) return known.Refusal!;
        var made = await chosen.Hash(request.NewPassword, user.Email!);
        if (made.Objection is { } objection) return IdentityProblems.Weak("new_password", objection);
        user.PasswordHash = made.Hash;
        await identity.Change(async connection =>
        {
            await users.UpdateSecurityStampAsync(user);
            await connection.Append("passwords.changed", user.Id, caller.Id, caller.Role);
            await letters.PasswordChanged(connection, user);
            await sessions.EndAll(connection, user.Id, caller, "password_changed");
        });
        return await sessions.BeginApi(http, user, caller.SecondFactor) is { } tokens
            ? TypedResults.Ok(tokens)
            : Problems.NotSignedIn.Because();
    }
}
