using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Notifications.Feeds;

/// <summary>Lists the caller's feeds, the oldest first, without their addresses.</summary>
static class ListFeeds
{
    public static void Map(RouteGroupBuilder feeds) =>
        feeds.MapGet("", Handle).WithSummary("List your calendar feeds")
            .WithDescription("Every feed of the account, at most 10. The addresses are not shown again.");

    static async Task<Ok<Page<CalendarFeed>>> Handle(CurrentUser caller, NpgsqlDataSource db, CancellationToken ct) =>
        TypedResults.Ok(new Page<CalendarFeed>(
            await db.Statement(Select).With(caller.Id).List(CalendarFeed.Read, ct), null));

    const string Select = $"""
        select {CalendarFeed.Columns} from notifications.calendar_feeds where account_id = $1 order by created_at, id
        """;
}
