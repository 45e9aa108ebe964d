using Amrutam.Identity.Sessions;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Amrutam.Identity.OwnSecurity;

/// <summary>Ends one session of the caller at once; 404 for the session of another account.</summary>
static class EndSession
{
    public static void Map(RouteGroupBuilder sessions) =>
        sessions.MapPost("/{id:guid}/removal", Handle).Replacing(sessions.MapDelete("/{id:guid}", Handle))
            .WithSummary("Sign a device out")
            .WithDescription("Ends one session of the account at once, on every replica.")
            .WithProblems([CommonProblems.Absent, .. Reauthentication.Refusals]);

    static async Task<Results<NoContent, ProblemHttpResult>> Handle(Guid id, [FromBody] Proof? proof, HttpContext http,
        CurrentUser caller, Reauthentication again, SessionStore sessions)
    {
        if (await again.CheckUnlessLately(http, caller, proof ?? new()) is { } refusal) return refusal;
        return await sessions.End(caller, id, "ended_by_owner") ? TypedResults.NoContent() : CommonProblems.NotFound();
    }
}
