using Amrutam.Identity.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Notifications.Feeds;

/// <summary>Creates a private calendar feed of the caller's visits, and shows its address this once.</summary>
/// <remarks>It takes no Idempotency-Key: the stored response would keep the address in clear. A client that lost the
/// answer revokes the feed and creates another.</remarks>
static class CreateFeed
{
    sealed record Request(string? Detail = null, string? Name = null);

    /// <summary>A person subscribes with a few programs. Each feed is one more address that can be passed on.</summary>
    public const int MostFeeds = 10;

    public static void Map(RouteGroupBuilder feeds) =>
        feeds.MapPost("", Handle).WithSummary("Create a calendar feed")
            .WithDescription("Gives the private address of a calendar with the caller's visits: a patient's own, or a "
                + "doctor's day. Anybody who has the address can read it, so it is shown once and can be revoked. The "
                + "calendar says `Appointment` only, unless a patient chooses `full`.")
            .WithProblems(NotificationsProblems.TooManyFeeds, CommonProblems.Invalid);

    static async Task<Results<Created<CalendarFeed>, ProblemHttpResult>> Handle(Request request, CurrentUser caller,
        PublicAddress server, NpgsqlDataSource db)
    {
        var detail = request.Detail ?? CalendarFeed.Discreet;
        var fields = new RequestValidation();
        var name = fields.Name("name", request.Name, CalendarFeed.MaxName);
        fields.Refuse(detail is not (CalendarFeed.Discreet or CalendarFeed.Full), "detail",
            "must be discreet or full");
        fields.Refuse(detail == CalendarFeed.Full && caller.Role == Allow.Doctor, "detail",
            "must be discreet for a doctor, whose visits are other people's");
        if (fields.Wrong) return fields.Problem();
        var token = FeedToken.New();
        var feed = await db.InTransaction(async connection =>
        {
            await connection.Statement(LockFeeds).With(caller.Id).Execute();
            return await connection.Statement(Insert).With(Guid.CreateVersion7()).With(caller.Id).With(caller.Role)
                .With(FeedToken.Hash(token)).With(detail).With(name).With(MostFeeds).With(caller.Trace)
                .One(CalendarFeed.Read);
        });
        return feed is null ? NotificationsProblems.TooManyFeeds.Because()
            : TypedResults.Created((string?)null, feed with { Url = server.Address(token) });
    }

    // In a statement of its own, so that the next one sees the feeds of a concurrent request.
    const string LockFeeds = "select pg_advisory_xact_lock(hashtext('calendar feeds'), hashtext($1::uuid::text))";

    const string Insert = $"""
        with created as (
            insert into notifications.calendar_feeds (id, account_id, role, token_hash, detail, name)
            select $1, $2, $3, $4, $5, $6
             where (select count(*) from notifications.calendar_feeds where account_id = $2) < $7
         returning {CalendarFeed.Columns}),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $2, $3, 'calendar_feeds.created', 'calendar_feed', id, jsonb_build_object('detail', detail), $8
              from created)
        select {CalendarFeed.Columns} from created
        """;
}
