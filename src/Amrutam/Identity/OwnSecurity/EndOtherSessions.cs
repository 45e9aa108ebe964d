using Amrutam.Identity.Accounts;
using Amrutam.Identity.Sessions;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Amrutam.Identity.OwnSecurity;

/// <summary>Ends every other session of the caller at once.</summary>
static class EndOtherSessions
{
    public static void Map(RouteGroupBuilder sessions) =>
        sessions.MapPost("/removal", Handle).Replacing(sessions.MapDelete("", Handle))
            .WithSummary("Sign every other device out")
            .WithDescription("Ends all sessions of the account but the one of this request.")
            .WithProblems(Reauthentication.Refusals);

    static async Task<Results<NoContent, ProblemHttpResult>> Handle([FromBody] Proof? proof, HttpContext http,
        CurrentUser caller, Reauthentication again, SessionStore sessions, IdentityDb identity)
    {
        if (await again.CheckUnlessLately(http, caller, proof ?? new()) is { } refusal) return refusal;
        await identity.Change(connection =>
            sessions.EndAll(connection, caller.Id, caller, "ended_by_owner", but: caller.Session));
        return TypedResults.NoContent();
    }
}
