using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>Books free slots for one patient inside a running transaction: for a series, or an offer that is
/// accepted.</summary>
/// <remarks>Only under the locks and after the judgement of <see cref="CheckBookability"/>.</remarks>
static class InsertBookings
{
    public static Task<List<Booking>> Insert(NpgsqlConnection connection, Guid[] slots, CurrentUser patient,
        string? reason, Guid? series = null) =>
        connection.Statement(InsertAll).With(slots.Select(_ => Guid.CreateVersion7()).ToArray()).With(slots)
            .With(patient.Id).With(reason).With(series).With(patient.Trace).List(Booking.Read);

    /// <returns>The code of the limit that one booking more would break, or null.</returns>
    public static Task<string?> LimitReached(NpgsqlConnection connection, Guid slot, Guid patient,
        SchedulingLimits limits) =>
        connection.Statement(OverLimit).With(slot).With(patient).With(limits.OpenBookingsPerPatient)
            .With(limits.OpenBookingsPerPatientAndDoctor).Value<string>();

    const string OverLimit = """
        select case when $3 > 0 and count(*) >= $3 then 'too_many_open_bookings'
                    when $4 > 0 and count(*) filter (where b.doctor_id = s.doctor_id) >= $4
                    then 'too_many_open_bookings_with_this_doctor' end
          from scheduling.slots s
          join scheduling.bookings b on b.patient_id = $2 and b.status in ('requested', 'confirmed')
               and b.series_id is null and b.starts_at > statement_timestamp()
         where s.id = $1
        """;

    const string InsertAll = """
        with b as (
            insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, series_id, starts_at, ends_at, reason,
                   status, expires_at)
            select a.id, s.id, s.doctor_id, $3, $5, s.starts_at, s.ends_at, $4,
                   case when p.requires_confirmation then 'requested' else 'confirmed' end,
                   case when p.requires_confirmation
                        then least(s.starts_at, statement_timestamp() + p.confirmation_time) end
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
            select $3, 'patient', case status when 'requested' then 'bookings.requested' else 'bookings.booked' end,
                   'booking', id, jsonb_strip_nulls(jsonb_build_object('doctor_id', doctor_id, 'slot_id', slot_id,
                       'starts_at', starts_at, 'series_id', series_id)), $6 from b)
        select
        """ + " " + Booking.Columns + " from b order by b.starts_at";
}
