using Amrutam.Identity.SecondFactor;
using Amrutam.Platform;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity;

/// <summary>Changes the caller's password. Every session ends, this one too, and a new one begins.</summary>
static class ChangePassword
{
    sealed record Request(string NewPassword, string? Password = null);

    public static void Map(RouteGroupBuilder me) =>
        me.MapPost("/password", Handle).WithSummary("Change your password").Produces<Tokens>()
        .Refuses(IdentityProblems.WeakPassword, IdentityProblems.ReauthenticationNeeded,
            IdentityProblems.WrongPassword, Problems.TooMany);

    static async Task<IResult> Handle(Request request, HttpContext http, CurrentUser caller, Reauthentication again,
        UserManager<User> users, IdentityDb identity,
        IPasswordHasher<User> hasher, HashingLane lane, Sessions sessions, Letters letters)
    {
        var known = await again.Check(http, caller, request.Password);
        if (known.User is not { } user) return known.Refusal!;
        if (PasswordRules.Objection(request.NewPassword, user.Email!) is { } objection)
            return IdentityProblems.Weak("new_password", objection);
        user.PasswordHash = await lane.Run(() => hasher.HashPassword(user, PasswordRules.Normal(request.NewPassword)!));
        await identity.Change(async connection =>
        {
            await users.UpdateSecurityStampAsync(user);
            await connection.Append("passwords.changed", user.Id, caller.Id, caller.Role);
            await letters.PasswordChanged(connection, user);
            await sessions.EndAll(connection, user.Id, caller, "password_changed");
        });
        return TypedResults.Ok(await sessions.BeginApi(http, user, SecondFactorPolicy.IsProven(http.User)));
    }
}
