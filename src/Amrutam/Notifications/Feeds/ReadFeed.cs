using System.Security.Cryptography;
using Amrutam.Notifications.Calendars;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using NodaTime;
using Npgsql;

namespace Amrutam.Notifications.Feeds;

/// <summary>Gives the calendar of a feed to anybody who has its address. An unknown, a revoked and a shortened token
/// get the same 404.</summary>
/// <remarks>
/// The token is in the path, because calendar programs send nothing else. No log line, span or metric has the path:
/// they have the route's pattern. The window and the number of visits are bounded. Cancelled visits are left out, and a
/// program removes an event that a feed no longer has.
/// </remarks>
static class ReadFeed
{
    /// <summary>Bounds the work of one reading. A busy doctor has as many visits in half a year.</summary>
    public const int MostVisits = 2000;

    // Far enough for a series and for a look back at the last visit.
    static readonly Duration Back = Duration.FromDays(30), Ahead = Duration.FromDays(365);

    // A calendar program keeps its copy, so it may keep the ETag too, but asks each time.
    const string OwnCopy = "no-cache, private";

    sealed record Feed(Guid Account, string Role, bool Full);

    public static void Map(RouteGroupBuilder calendars) =>
        calendars.MapGet("/{token}.ics", Handle).AllowAnonymous()
            .WithSummary("Read a calendar feed")
            .WithDescription("The visits of the feed's owner from 30 days ago to a year ahead, the first 2,000, as "
                + "iCalendar. The token in the address is the permission.")
            .Produces<string>(StatusCodes.Status200OK, "text/calendar")
            .Produces(StatusCodes.Status304NotModified).WithProblems(CommonProblems.Absent);

    static async Task<Results<FileContentHttpResult, ProblemHttpResult>> Handle(string token, HttpContext http,
        VisitCalendar calendar, NpgsqlDataSource db, TimeProvider clock, CancellationToken ct)
    {
        if (await db.Statement(Find).With(FeedToken.Hash(token))
            .One(row => new Feed(row.GetGuid(0), row.GetString(1), row.GetBoolean(2)), ct) is not { } feed)
            return CommonProblems.NotFound();
        var now = Instant.FromDateTimeOffset(clock.GetUtcNow());
        var visits = await db.Statement(feed.Role == Allow.Doctor ? OfDoctor : OfPatient).With(feed.Account)
            .With(now - Back).With(now + Ahead).With(MostVisits).With(feed.Full).List(CalendarVisit.Read, ct);
        var text = calendar.OfFeed(visits);
        http.Response.Headers.CacheControl = OwnCopy;
        return TypedResults.Bytes(text, VisitCalendar.PublishedType, "visits.ics",
            entityTag: new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(text))}\""));
    }

    // A suspended or closed account has no feed, nor has one whose role has changed.
    const string Find = """
        select f.account_id, f.role, f.detail = 'full'
          from notifications.calendar_feeds f
          join identity.people p on p.id = f.account_id and p.active and p.role = f.role
         where f.token_hash = $1
        """;

    const string InWindow = """
        and v.starts_at >= $2 and v.starts_at < $3 and v.active and not v.moved_away
         order by v.starts_at, v.id limit $4
        """;

    const string OfPatient = $"""
        select {CalendarVisit.Columns}, case when $5 then d.full_name end, case when $5 then d.specialization end
          from scheduling.visits v
          left join doctors.practitioners d on d.id = v.doctor_id
         where v.patient_id = $1
           {InWindow}
        """;

    const string OfDoctor = $"""
        select {CalendarVisit.Columns}, null::text, null::text
          from scheduling.visits v
         where v.doctor_id = $1 and not $5
           {InWindow}
        """;
}
