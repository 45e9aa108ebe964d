using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Amrutam.Scheduling;
using Npgsql;

namespace Amrutam.Demo;

/// <summary>The kinds of visit that the demo's doctors offer, and a few bookings of them.</summary>
/// <remarks>The doctors offer them since today. So bookings of the past have no kind, as in a clinic that introduces a
/// catalogue.</remarks>
static class DemoVisits
{
    public static async Task Fill(NpgsqlConnection connection)
    {
        await connection.Statement(Offer).With(CommonProblems.Trace()).Execute();
        await connection.Statement(Book).With(CommonProblems.Trace()).With(Examples.SlotId).Execute();
    }

    // A talk by video fits into one slot of the demo, so it is the default. It costs the fee of the doctor's profile.
    const string Offer = """
        with offered as (
            insert into scheduling.doctor_visit_types (doctor_id, visit_type_id, position, fee_minor)
            select d.id, v.id,
                   row_number() over (partition by d.id order by v.mode = 'video' and v.first desc, v.minutes, v.name),
                   case when v.mode = 'video' and v.first then d.fee_minor end
              from doctors.profiles d cross join scheduling.visit_types v
             where d.verified_at is not null and d.currency = v.currency
               and (v.minutes < 60 or d.specialization = 'Panchakarma')
            returning doctor_id, visit_type_id, position)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select doctor_id, 'doctor', 'visit_types.offered', 'doctor', doctor_id,
               jsonb_build_object('visit_type_ids', array_agg(visit_type_id order by position)), $1
          from offered group by doctor_id
        """;

    // One visit a day at most, so that no patient is in two places. The longer kinds take two slots.
    const string Book = """
        with pairs as (
            select distinct on ((s.starts_at at time zone 'UTC')::date) s.id, n.id as next_id, s.doctor_id, s.starts_at,
                   s.ends_at as short_end, n.ends_at as long_end
              from scheduling.slots s
              join scheduling.slots n on n.doctor_id = s.doctor_id and n.starts_at = s.ends_at and n.booking_id is null
              join doctors.profiles d on d.id = s.doctor_id and d.specialization = 'Panchakarma' and d.currency = 'INR'
             where s.starts_at > now() + interval '3 days' and s.booking_id is null and s.id <> $2 and n.id <> $2
             order by (s.starts_at at time zone 'UTC')::date, s.starts_at, s.id),
        chosen as (
            select p.*, row_number() over (order by p.starts_at) as n from pairs p),
        made as (
            insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at, visit_type_id,
                   visit, cancellation_window, more_slots, created_at, updated_at)
            select md5('visit ' || c.id)::uuid, c.id, c.doctor_id, p.id, c.starts_at,
                   case when v.is_long then c.long_end else c.short_end end, o.id, scheduling.copy_of_visit_type(o),
                   make_interval(mins => o.cancellation_window_minutes),
                   case when v.is_long then array[c.next_id] end, now(), now()
              from chosen c
             cross join lateral (
                select k.id from scheduling.offered_visit_types k
                 where k.doctor_id = c.doctor_id and k.first and k.mode <> 'phone'
                 order by k.minutes offset c.n % 3 limit 1) k
              join scheduling.offered_visit_types o on o.doctor_id = c.doctor_id and o.id = k.id
             cross join lateral (select o.minutes > 30 as is_long) v
             cross join lateral (
                select u.id from identity.users u
                 where u.role = 'patient' and not exists (
                       select from scheduling.bookings_of_patient_between(u.id, c.starts_at, c.long_end))
                 order by md5(u.id::text || c.id) limit 1) p
            returning *),
        marked as (
            update scheduling.slots s set booking_id = b.id from made b where s.id = any(b.slot_id || b.more_slots))
        insert into audit.events (at, actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select created_at, patient_id, 'patient', 'bookings.booked', 'booking', id,
               jsonb_strip_nulls(jsonb_build_object('doctor_id', doctor_id, 'slot_id', slot_id,
                   'more_slot_ids', more_slots, 'starts_at', starts_at, 'visit_type_id', visit_type_id)), $1
          from made
        """;
}
