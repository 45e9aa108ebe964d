using Amrutam.Platform;

namespace Amrutam.Identity.OwnSessions;

/// <summary>Signs another device of the caller out, at once; another's session does not exist for them.</summary>
static class EndSession
{
    public static void Map(RouteGroupBuilder sessions) =>
        sessions.MapDelete("/{id:guid}", Handle).WithSummary("Sign a device out").Produces(204)
            .Refuses(Problems.Absent);

    static async Task<IResult> Handle(Guid id, CurrentUser caller, Sessions sessions) =>
        await sessions.End(caller, id, "ended_by_owner") ? TypedResults.NoContent() : Problems.NotFound();
}
