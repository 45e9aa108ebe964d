using System.Text.Json.Serialization;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Amrutam.Platform.Privacy;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Bookings;

/// <summary>Reads the history of a booking, oldest first, by its patient or its doctor. A former doctor reads it up to
/// the move to another doctor, without reasons.</summary>
static class ReadHistory
{
    /// <param name="Action">booked or requested, then each step.</param>
    /// <param name="ByRole">The actor: patient, doctor, staff, admin or system; null for the clock.</param>
    /// <param name="PatientId">For the record of access; not sent.</param>
    /// <param name="FromStartsAt">The former start of a moved booking.</param>
    [SchemaName("BookingHistoryEntry")]
    public sealed record Entry(int Revision, string Action, string? FromStatus, string ToStatus, string? ByRole,
        string? Reason, Guid? FromSlotId, Instant? FromStartsAt, Instant At,
        [property: JsonIgnore] Guid PatientId = default, [property: JsonIgnore] Guid BookingId = default)
    {
        public static Entry Read(NpgsqlDataReader row) =>
            new(row.GetInt32(0), row.GetString(1), row.GetStringOrNull(2), row.GetString(3), row.GetStringOrNull(4),
                row.GetStringOrNull(5), row.GetGuidOrNull(6), row.GetInstantOrNull(7), row.GetInstant(8),
                row.GetGuid(9), row.GetGuid(10));
    }

    // One page has all steps of an ordinary booking; of more, the first ones stay readable.
    const int Longest = 100;

    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapGet("/{id:guid}/history", Handle).RequireAuthorization(Allow.PatientOrDoctor)
            .WithSummary("Read a booking's history")
            .WithDescription("Each step of the booking, the oldest first; for a former doctor those up to its move.")
            .RecordsAccess<Page<Entry>>("bookings.read", "booking",
                page => page.Items.Take(1).Select(e => new Shown(e.PatientId, e.BookingId)))
            .Example(Examples.PageOf(Examples.History)).WithProblems(CommonProblems.Absent);

    static async Task<Results<Ok<Page<Entry>>, ProblemHttpResult>> Handle(Guid id, CurrentUser user,
        NpgsqlDataSource db, CancellationToken ct)
    {
        var entries = await db.Statement(Select).With(id).With(user.Id).With(Longest)
            .With(user.Role == Allow.Patient).List(Entry.Read, ct);
        return entries.Count > 0 ? TypedResults.Ok(new Page<Entry>(entries, null)) : CommonProblems.NotFound();
    }

    // The status before the first step is requested or confirmed. The column last is where the history ends for a
    // former doctor, and null for the patient and the present doctor.
    const string Select = """
        with b as (
            select b.id, b.patient_id, b.status, b.reason, b.created_at, null::int as last
              from scheduling.bookings b
             where b.id = $1 and (b.patient_id = $2 or b.doctor_id = $2 or ($4 and patients.holds($2, b.patient_id)))
            union all
           (select b.id, b.patient_id, b.status, null, b.created_at, m.revision
              from scheduling.moved_bookings m join scheduling.bookings b on b.id = m.booking_id
             where m.booking_id = $1 and m.doctor_id = $2 and b.doctor_id <> $2
             order by m.revision desc limit 1)),
        first as (
            select coalesce((select s.from_status from scheduling.booking_steps s
                              where s.booking_id = b.id and s.revision = 1), b.status) as status from b)
        select 0, case first.status when 'requested' then 'requested' else 'booked' end, null, first.status, 'patient',
               b.reason, null::uuid, null::timestamptz, b.created_at, b.patient_id, b.id
          from b, first
        union all
        select s.revision, s.action, s.from_status, s.to_status, s.actor_role,
               case when b.last is null then s.reason end, s.from_slot_id,
               s.from_starts_at, s.at, b.patient_id, b.id
          from b join scheduling.booking_steps s on s.booking_id = b.id and s.revision <= coalesce(b.last, s.revision)
         order by 1
         limit $3
        """;
}
