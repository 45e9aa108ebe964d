using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Notifications.Feeds;

/// <summary>Revokes a feed of the caller; 404 for the feed of another account.</summary>
/// <remarks>Each reading asks the database, so the address stops on every replica with the commit.</remarks>
static class RevokeFeed
{
    public static void Map(RouteGroupBuilder feeds) =>
        feeds.MapDelete("/{id:guid}", Handle).WithSummary("Revoke a calendar feed")
            .WithDescription("Its address stops at once. Programs keep the visits that they have read.")
            .WithProblems(CommonProblems.Absent);

    static async Task<Results<NoContent, ProblemHttpResult>> Handle(Guid id, CurrentUser caller, NpgsqlDataSource db) =>
        await db.Statement(Delete).With(id).With(caller.Id).With(caller.Role).With(caller.Trace).Execute() == 1
            ? TypedResults.NoContent()
            : CommonProblems.NotFound();

    const string Delete = """
        with revoked as (
            delete from notifications.calendar_feeds where id = $1 and account_id = $2 returning id)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, trace_id)
        select $2, $3, 'calendar_feeds.revoked', 'calendar_feed', id, $4 from revoked
        """;
}
