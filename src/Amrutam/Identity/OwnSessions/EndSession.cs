using Amrutam.Platform;
using Microsoft.AspNetCore.Mvc;

namespace Amrutam.Identity.OwnSessions;

/// <summary>Signs another device of the caller out, at once; another's session does not exist for them.</summary>
static class EndSession
{
    public static void Map(RouteGroupBuilder sessions) =>
        sessions.MapDelete("/{id:guid}", Handle).WithSummary("Sign a device out").Produces(204)
            .Refuses([Problems.Absent, .. Reauthentication.Refusals]);

    static async Task<IResult> Handle(Guid id, [FromBody] Proof? proof, HttpContext http, CurrentUser caller,
        Reauthentication again, Sessions sessions)
    {
        if (await again.CheckUnlessLately(http, caller, proof ?? new()) is { } refusal) return refusal;
        return await sessions.End(caller, id, "ended_by_owner") ? TypedResults.NoContent() : Problems.NotFound();
    }
}
