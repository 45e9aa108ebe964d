using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>Lists the slots that are held for the signed-in patient now, the earliest start first: their own holds and
/// the offers of the waiting list.</summary>
static class ListHolds
{
    /// <param name="WaitlistEntryId">The entry that the slot is offered to; null for a hold of the patient's
    /// own.</param>
    [SchemaName("OwnHold")]
    public sealed record Hold(Guid SlotId, Guid DoctorId, Instant StartsAt, Instant EndsAt, Instant ExpiresAt,
        Guid? WaitlistEntryId)
    {
        public static Hold Read(NpgsqlDataReader row) => new(row.GetGuid(0), row.GetGuid(1), row.GetInstant(2),
            row.GetInstant(3), row.GetInstant(4), row.GetGuidOrNull(5));
    }

    sealed record Key(Instant StartsAt, Guid Id);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/me/holds", Handle).RequireAuthorization(Allow.Patient).WithTags("Slots")
            .WithSummary("List your holds")
            .WithDescription("The slots that are held for the caller now, offers of the waiting list among them.")
            .Example(Examples.PageOf(Examples.OwnHold)).WithProblems(CommonProblems.Invalid, PageQuery.NotACursor);

    static async Task<Results<Ok<Page<Hold>>, ProblemHttpResult>> Handle([AsParameters] PageQuery query,
        CurrentUser patient, NpgsqlDataSource db, CancellationToken ct)
    {
        var page = query.Open<Key>();
        if (page.Refusal is not null) return page.Refusal;
        var rows = await db.Statement(Select).With(patient.Id).With(page.After?.StartsAt).With(page.After?.Id)
            .With(page.Fetch).List(Hold.Read, ct);
        return TypedResults.Ok(page.Of(rows, hold => hold, hold => new Key(hold.StartsAt, hold.SlotId)));
    }

    // A request holds its slot by its own id, so it is not among them.
    const string Select = """
        select s.id, s.doctor_id, s.starts_at, s.ends_at, s.held_until, o.entry_id
          from scheduling.slots s
          left join scheduling.waitlist_offers o on o.slot_id = s.id and o.outcome is null
         where s.held_by = $1 and s.held_until > statement_timestamp()
           and (s.starts_at, s.id) > (coalesce($2::timestamptz, '-infinity'), $3)
         order by s.starts_at, s.id
         limit $4
        """;
}
