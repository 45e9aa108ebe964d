using Amrutam.Platform;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;

namespace Amrutam.Identity.SecondFactor;

/// <summary>Turns the second factor off. Every session ends, because each of them may say that it was begun with
/// one.</summary>
static class RemoveSecondFactor
{
    sealed record Request(string? Password = null);

    public static void Map(RouteGroupBuilder factor) =>
        factor.MapDelete("", Handle).WithSummary("Remove the authenticator app")
        .Produces(204).Refuses(IdentityProblems.NoSecondFactor, IdentityProblems.ReauthenticationNeeded,
            IdentityProblems.WrongPassword, Problems.TooMany);

    static async Task<IResult> Handle([FromBody] Request request, HttpContext http, CurrentUser caller,
        Reauthentication again,
        UserManager<User> users, IdentityDb identity, Sessions sessions, Letters letters)
    {
        var known = await again.Check(http, caller, request.Password);
        if (known.User is not { } user) return known.Refusal!;
        if (!user.TwoFactorEnabled) return IdentityProblems.NoSecondFactor.Because();
        user.TwoFactorEnabled = false;
        await identity.Change(async connection =>
        {
            await users.UpdateSecurityStampAsync(user);
            await Authenticators.Remove(connection, user.Id);
            await RecoveryCodes.RemoveAll(connection, user.Id);
            await connection.Append("second_factors.removed", user.Id, caller.Id, caller.Role);
            await letters.SecondFactorRemoved(connection, user);
            await sessions.EndAll(connection, user.Id, caller, "second_factor_removed");
        });
        return TypedResults.NoContent();
    }
}
