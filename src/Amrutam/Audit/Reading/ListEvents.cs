using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Amrutam.Platform.Privacy;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using NodaTime;
using Npgsql;

namespace Amrutam.Audit.Reading;

/// <summary>Lists the event log for an admin, newest first.</summary>
/// <remarks>
/// Each filter has an index in the order of the list, so a page reads only its rows. New bookings are frequent, so the
/// indexes by action and kind leave them out. Their page is read from the order of the log, past the other events.
/// Several filters read the index of one and test its rows for the others.
/// </remarks>
static class ListEvents
{
    public const int MaxWord = 100;

    public sealed record Request(
        [property: FromQuery(Name = "entity")] string? Entity,
        [property: FromQuery(Name = "entity_id")] Guid? EntityId,
        [property: FromQuery(Name = "actor_id")] Guid? ActorId, [property: FromQuery(Name = "action")] string? Action,
        [property: FromQuery(Name = "from")] string? From, [property: FromQuery(Name = "to")] string? To);

    [SchemaName("Event")]
    public sealed record Response(long Position, Instant At, string Action, string Entity, Guid? EntityId,
        Guid? ActorId, string? ActorRole, JsonElement? Details, string? TraceId);

    /// <summary>The end of a page.</summary>
    public sealed record Place(Instant At, long Position);

    public static void Map(RouteGroupBuilder admin) => admin.MapGet("/audit", Handle)
        .WithSummary("List events")
        .WithDescription(
            "Filter by what it happened to, who did it, what was done and when (RFC 3339; `to` exclusive).")
        .RecordsAccess<Page<Response>>("events.read", "event",
            page => page.Items.SelectMany(e => People(e.ActorId, e.ActorRole, e.Entity, e.EntityId)))
        .WithProblems(PageQuery.NotACursor);

    static async Task<Results<Ok<Page<Response>>, ProblemHttpResult>> Handle(
        [AsParameters] Request asked, [AsParameters] PageQuery query, NpgsqlDataSource db, CancellationToken ct)
    {
        var fields = new RequestValidation();
        var entity = fields.Text("entity", asked.Entity, MaxWord);
        var action = fields.Text("action", asked.Action, MaxWord);
        var (from, to) = (Time(fields, "from", asked.From), Time(fields, "to", asked.To));
        if (fields.Wrong) return fields.Problem();
        var page = query.Open<Place>();
        if (page.Refusal is not null) return page.Refusal;
        var rows = await db.InTransaction(async connection =>
        {
            await connection.Statement(PlanForTheseFilters).Execute();
            return await connection.Statement(Newest).With(entity).With(asked.EntityId).With(asked.ActorId).With(action)
                .With(from).With(to).With(page.After?.At).With(page.After?.Position).With(page.Fetch).List(Read, ct);
        });
        return TypedResults.Ok(page.Of(rows, row => row, row => new Place(row.At, row.Position)));
    }

    /// <summary>The persons that an event is about: the patient or doctor who acted, and the account's owner. Staff act
    /// for the clinic.</summary>
    public static IEnumerable<Shown> People(Guid? actor, string? role, string entity, Guid? id)
    {
        if (actor is { } who && role is (Allow.Patient or Allow.Doctor)) yield return new(who);
        if (id is { } whose && whose != actor && entity is ("account" or "doctor" or RecordAccess.Entity))
            yield return new(whose);
    }

    static Instant? Time(RequestValidation fields, string name, string? text)
    {
        if (text is null) return null;
        fields.Refuse(!QueryInstant.TryParse(text, out var at), name, Timestamp.Rule);
        return at.Value;
    }

    static Response Read(NpgsqlDataReader row) => new(
        row.GetInt64(0), row.GetInstant(1), row.GetString(2), row.GetString(3), row.GetGuidOrNull(4),
        row.GetGuidOrNull(5),
        row.GetStringOrNull(6), row.GetStringOrNull(7) is { } details ? JsonElement.Parse(details) : null,
        row.GetStringOrNull(8));

    // One plan for all filters would read and sort every event of an action. This one reads a page.
    const string PlanForTheseFilters = "set local plan_cache_mode = force_custom_plan";

    const string Newest = """
        select position, at, action, entity, entity_id, actor_id, actor_role, details::text, trace_id from audit.events
         where ($1::text is null or entity = $1) and ($2::uuid is null or entity_id = $2)
           and ($3::uuid is null or actor_id = $3) and ($4::text is null or action = $4)
           and at >= coalesce($5::timestamptz, '-infinity') and at < coalesce($6::timestamptz, 'infinity')
           and (at, position) < (coalesce($7::timestamptz, 'infinity'), coalesce($8::bigint, 0))
         order by at desc, position desc limit $9
        """;
}
