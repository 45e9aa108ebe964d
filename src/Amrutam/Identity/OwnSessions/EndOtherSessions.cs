using Amrutam.Platform;

namespace Amrutam.Identity.OwnSessions;

/// <summary>Signs every other device of the caller out, at once.</summary>
static class EndOtherSessions
{
    public static void Map(RouteGroupBuilder sessions) =>
        sessions.MapDelete("", Handle).WithSummary("Sign every other device out").Produces(204);

    static async Task<IResult> Handle(CurrentUser caller, Sessions sessions, IdentityDb identity)
    {
        await identity.Change(connection =>
            sessions.EndAll(connection, caller.Id, caller, "ended_by_owner", but: caller.Session));
        return TypedResults.NoContent();
    }
}
