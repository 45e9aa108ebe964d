using Amrutam.Patients.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Amrutam.Platform.Privacy;
using Amrutam.Scheduling.Bookings;
using Amrutam.Scheduling.Queue;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Desk;

/// <summary>Shows a doctor's day: the visits by time, and the walk-ins without a slot by arrival.</summary>
static class ReadDay
{
    /// <param name="BookingId">Null for a walk-in without a slot.</param>
    /// <param name="Status">The state of the visit; waiting or called for a walk-in without a slot.</param>
    /// <param name="Token">The number of the queue; null before the patient came.</param>
    /// <param name="ArrivedAt">Since when the patient waits.</param>
    /// <param name="Place">The place in the queue; null for a patient who does not wait.</param>
    [SchemaName("DayItem")]
    public sealed record Item(Guid? BookingId, Instant? StartsAt, Instant? EndsAt, string Status,
        PatientSummary Patient, int? Token, Instant? ArrivedAt, Instant? CalledAt, int? Place);

    public const string Waiting = "waiting", Called = "called";

    // Visits of a minute each would fill a day with 1440. A page beyond this is no day of a clinic.
    const int Most = 1500;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/day", Handle).RequireAuthorization(Allow.DeskOrDoctor).WithTags("Front desk")
            .WithSummary("Read a doctor's day")
            .WithDescription("The day in the doctor's time zone, today if none is named. Doctors read their own.")
            .RecordsAccess<Page<Item>>("bookings.read", "booking",
                day => day.Items.Select(i => new Shown(i.Patient.Id, i.BookingId)))
            .Example(Examples.PageOf(Examples.OfDay)).WithProblems(CommonProblems.Absent, CommonProblems.Invalid);

    static async Task<Results<Ok<Page<Item>>, ProblemHttpResult>> Handle(CurrentUser user, NpgsqlDataSource db,
        CancellationToken ct, QueryDate? date = null, [FromQuery(Name = "doctor_id")] Guid? doctorId = null)
    {
        if (doctorId is null && user.ActsForClinic) return CommonProblems.Field("doctor_id", "is required");
        var doctor = doctorId ?? user.Id;
        if (doctor != user.Id && !user.ActsForClinic) return CommonProblems.NotFound();
        await using var connection = await db.OpenConnectionAsync(ct);
        if (await DoctorsDay.Of(connection, doctor, date?.Value) is not { } day) return CommonProblems.NotFound();
        var items = await connection.Statement(Select).With(doctor).With(day.From).With(day.Until).With(day.Date)
            .With(Most).List(Read, ct);
        return TypedResults.Ok(new Page<Item>(items, NextCursor: null));
    }

    static Item Read(NpgsqlDataReader row) => new(row.GetGuidOrNull(0), row.GetInstantOrNull(1),
        row.GetInstantOrNull(2), row.GetString(3), PatientSummary.Read(row.GetGuid(4), row, 9), row.GetInt32OrNull(5),
        row.GetInstantOrNull(6), row.GetInstantOrNull(7), row.GetInt32OrNull(8));

    const string Select = $"""
        select i.booking_id, i.starts_at, i.ends_at, i.status, i.patient_id, i.token, i.arrived_at, i.called_at,
               q.place::int, {PatientSummary.Columns}
          from (select b.id as booking_id, b.starts_at, b.ends_at, {Booking.StatusNow} as status, b.patient_id,
                       e.id as entry_id, e.token, e.arrived_at, e.called_at
                  from scheduling.bookings b
                  left join scheduling.queue_entries e on e.booking_id = b.id and e.doctor_id = b.doctor_id
                 where b.doctor_id = $1 and b.starts_at >= $2 and b.starts_at < $3
                union all
                select null, null, null, case when e.called_at is null then '{Waiting}' else '{Called}' end,
                       e.patient_id, e.id, e.token, e.arrived_at, e.called_at
                  from scheduling.queue_entries e
                 where e.doctor_id = $1 and e.day = $4 and e.booking_id is null) i
          left join scheduling.queue_of($1, $4) q on q.id = i.entry_id
          left join patients.people p on p.id = i.patient_id
         order by coalesce(i.starts_at, i.arrived_at), i.token, i.booking_id limit $5
        """;
}
