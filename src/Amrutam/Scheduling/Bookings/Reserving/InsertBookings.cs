using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>Inserts bookings of free slots for one patient in a running transaction: for a series, an accepted offer
/// or a long visit.</summary>
/// <remarks>The caller holds the locks of <see cref="CheckBookability"/>, which allowed each slot.</remarks>
static class InsertBookings
{
    /// <param name="by">The account that books: the patient's own, a guardian's or one at the desk.</param>
    /// <param name="imported">True: the people know of it, so nobody hears that it was made.</param>
    public static Task<List<Booking>> Insert(NpgsqlConnection connection, IReadOnlyCollection<VisitPlace> places,
        Guid patient, CurrentUser by, string? reason, Guid? series = null, bool imported = false) =>
        connection.Statement(InsertAll).With(places.Select(_ => Guid.CreateVersion7()).ToArray())
            .WithJson($"[{string.Join(',', places.Select(place => place.Json))}]").With(patient)
            .With(reason).With(series).With(by.Trace).With(by.Id).With(by.Role)
            .With(imported).List(Booking.Read);

    const string InsertAll = $"""
        with b as (
            insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, series_id, starts_at, ends_at, reason,
                   status, expires_at, booked_by, visit_type_id, visit, cancellation_window, more_slots)
            select ($1::uuid[])[row_number() over ()], s.id, s.doctor_id, $3::uuid, $5, s.starts_at, a.ends_at, $4,
                   case when c.asked then 'requested' else 'confirmed' end,
                   case when c.asked then least(s.starts_at, statement_timestamp() + c.time) end,
                   nullif($7::uuid, $3::uuid), a.visit_type_id, a.visit, a.cancellation_window, a.more_slots
              from jsonb_to_recordset($2::jsonb) as a ({VisitPlace.Columns})
              join scheduling.slots s on s.id = a.slot_id
              left join scheduling.booking_policies p on p.doctor_id = s.doctor_id
             cross join lateral (
                select coalesce(a.requires_confirmation, p.requires_confirmation, false) as asked,
                       coalesce(p.confirmation_time, interval '1 day') as time) c
         returning *),
        marked as (
            update scheduling.slots s set booking_id = b.id, held_until = b.expires_at,
                   held_by = case when b.expires_at is not null then b.id end
              from b where s.id = any(b.slot_id || b.more_slots)),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $7, $8, case status when 'requested' then 'bookings.requested' else 'bookings.booked' end,
                   'booking', id, jsonb_strip_nulls(jsonb_build_object('doctor_id', doctor_id, 'slot_id', slot_id,
                       'more_slot_ids', more_slots,
                       'starts_at', starts_at, 'series_id', series_id, 'visit_type_id', visit_type_id,
                       'acted_for', nullif($3::uuid, $7::uuid), 'imported', nullif($9, false))), $6 from b)
        select {Booking.Columns} from b order by b.starts_at
        """;
}
