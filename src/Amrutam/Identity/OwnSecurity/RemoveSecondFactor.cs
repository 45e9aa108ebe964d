using Amrutam.Identity.Accounts;
using Amrutam.Identity.Mail;
using Amrutam.Identity.SecondFactor;
using Amrutam.Identity.Sessions;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Npgsql;

namespace Amrutam.Identity.OwnSecurity;

/// <summary>Disables the second factor and ends every session, because each may state that it began with one.</summary>
static class RemoveSecondFactor
{
    public static void Map(RouteGroupBuilder factor) =>
        factor.MapPost("/removal", Handle).Replacing(factor.MapDelete("", Handle))
            .WithSummary("Remove the authenticator app")
            .WithDescription("Ends every session of the account, because each could be begun with the factor.")
        .WithProblems([IdentityProblems.NoSecondFactor, .. Reauthentication.Refusals]);

    static async Task<Results<NoContent, ProblemHttpResult>> Handle([FromBody] Proof proof, HttpContext http,
        CurrentUser caller, Reauthentication again, UserManager<User> users, IdentityDb identity, SessionStore sessions,
        Emails emails)
    {
        var known = await again.Check(http, caller, proof);
        if (known.User is not { } user) return known.Refusal!;
        if (!user.TwoFactorEnabled) return IdentityProblems.NoSecondFactor.Because();
        await identity.Change(async connection =>
        {
            await Of(user, users, connection);
            await connection.Append("second_factors.removed", user.Id, caller.Id, caller.Role);
            await emails.SecondFactorRemoved(connection, user);
            await sessions.EndAll(connection, user.Id, caller, "second_factor_removed");
        });
        return TypedResults.NoContent();
    }

    /// <summary>Removes the second factor; the caller appends the event.</summary>
    public static async Task Of(User user, UserManager<User> users, NpgsqlConnection connection)
    {
        user.TwoFactorEnabled = false;
        await users.UpdateSecurityStampAsync(user);
        await Authenticators.Remove(connection, user.Id);
        await RecoveryCodes.RemoveAll(connection, user.Id);
    }
}
