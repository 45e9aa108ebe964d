using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Audit.Reading;

/// <summary>Lists the reads of the signed-in person's data, newest first: the reader's role, and a doctor's
/// name.</summary>
/// <remarks>Staff appear by role alone. The log has the account, for an investigation.</remarks>
static class ReadAccessLog
{
    /// <param name="Action">bookings.read, bookings.exported, accounts.read, profiles.read, patients.read,
    /// messages.read, events.read, events.exported.</param>
    /// <param name="ByName">A doctor's name; null for staff, and when the doctor is gone.</param>
    /// <param name="Kind">The kind of record: booking, account, profile, event, patient, message.</param>
    /// <param name="Ids">The ids of the records, if they have any.</param>
    [SchemaName("AccessLogEntry")]
    public sealed record Response(Instant At, string Action, string ByRole, string? ByName, string Kind, int Count,
        IReadOnlyList<Guid> Ids);

    /// <summary>The end of a page.</summary>
    public sealed record Place(Instant At, long Position);

    public static void Map(RouteGroupBuilder me) => me.MapGet("/access-log", Handle)
        .WithSummary("List who was shown your data")
        .WithDescription("One entry for each answer that showed another person something of yours, the newest first.")
        .WithProblems(PageQuery.NotACursor);

    static async Task<Results<Ok<Page<Response>>, ProblemHttpResult>> Handle([AsParameters] PageQuery query,
        CurrentUser person, NpgsqlDataSource db, CancellationToken ct)
    {
        var page = query.Open<Place>();
        if (page.Refusal is not null) return page.Refusal;
        var rows = await db.Statement(Newest).With(person.Id).With(page.After?.At).With(page.After?.Position)
            .With(page.Fetch).List(row => (Entry: Read(row), Place: new Place(row.GetInstant(0), row.GetInt64(7))), ct);
        return TypedResults.Ok(page.Of(rows, row => row.Entry, row => row.Place));
    }

    static Response Read(NpgsqlDataReader row) => new(row.GetInstant(0), row.GetString(1), row.GetString(2),
        row.GetStringOrNull(3), row.GetString(4), row.GetInt32(5), row.GetFieldValue<Guid[]>(6));

    const string Newest = """
        select e.at, e.action, e.actor_role, case e.actor_role when 'doctor' then d.full_name end, e.details ->> 'kind',
               (e.details -> 'count')::int, array(select jsonb_array_elements_text(e.details -> 'ids')::uuid),
               e.position
          from audit.events e left join doctors.practitioners d on d.id = e.actor_id
         where e.entity_id = $1 and e.entity = 'person'
           and (e.at, e.position) < (coalesce($2::timestamptz, 'infinity'), coalesce($3::bigint, 0))
         order by e.at desc, e.position desc limit $4
        """;
}
