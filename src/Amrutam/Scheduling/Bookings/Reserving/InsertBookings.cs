using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>Inserts bookings of free slots for one patient in a running transaction: for a series or an accepted
/// offer.</summary>
/// <remarks>The caller holds the locks of <see cref="CheckBookability"/>, which allowed each slot.</remarks>
static class InsertBookings
{
    /// <param name="by">The account that books: the patient's own, a guardian's or one at the desk.</param>
    public static Task<List<Booking>> Insert(NpgsqlConnection connection, Guid[] slots, Guid patient, CurrentUser by,
        string? reason, Guid? series = null) =>
        connection.Statement(InsertAll).With(slots.Select(_ => Guid.CreateVersion7()).ToArray()).With(slots)
            .With(patient).With(reason).With(series).With(by.Trace).With(by.Id).With(by.Role).List(Booking.Read);

    const string InsertAll = """
        with b as (
            insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, series_id, starts_at, ends_at, reason,
                   status, expires_at, booked_by)
            select a.id, s.id, s.doctor_id, $3::uuid, $5, s.starts_at, s.ends_at, $4,
                   case when p.requires_confirmation then 'requested' else 'confirmed' end,
                   case when p.requires_confirmation
                        then least(s.starts_at, statement_timestamp() + p.confirmation_time) end,
                   nullif($7::uuid, $3::uuid)
              from unnest($1::uuid[], $2::uuid[]) as a (id, slot_id)
              join scheduling.slots s on s.id = a.slot_id
              left join scheduling.booking_policies p on p.doctor_id = s.doctor_id
         returning *),
        marked as (
            update scheduling.slots s set booking_id = b.id, held_until = b.expires_at,
                   held_by = case when b.expires_at is not null then b.id end
              from b where s.id = b.slot_id),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $7::uuid, $8::text,
                   case status when 'requested' then 'bookings.requested' else 'bookings.booked' end, 'booking', id,
                   jsonb_strip_nulls(jsonb_build_object('doctor_id', doctor_id, 'slot_id', slot_id,
                       'starts_at', starts_at, 'series_id', series_id, 'acted_for', nullif($3::uuid, $7::uuid))), $6
                   from b)
        select
        """ + " " + Booking.Columns + " from b order by b.starts_at";
}
