using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Npgsql;

namespace Amrutam.Scheduling.Waitlist;

/// <summary>Offers a free slot to the first in line who can come: held for them until the offer is over.</summary>
/// <remarks>
/// Run in the transaction that frees a slot, so that nobody slips in before the line, and by the job for what became
/// free by the clock. Entries are locked with <c>skip locked</c>: whoever is just leaving or accepting is passed over,
/// and this never waits. The slot's one hold, and the keys of <c>waitlist_offers</c>, keep it from being offered to two
/// or twice.
/// </remarks>
static class OfferSlot
{
    /// <param name="except">Who just gave it back, or null.</param>
    public static Task<bool> ToTheFirstInLine(NpgsqlConnection connection, Guid slot, Guid? except,
        SchedulingSettings settings) =>
        connection.Statement(Offer).With(slot).With(except).With(settings.VerifiedDoctorsOnly)
            .With(settings.Times.OfferMinutes).With(CommonProblems.Trace()).Value<bool>();

    const string Offer = """
        with slot as materialized (
            select s.id, s.doctor_id, s.starts_at, s.ends_at, f.specialization, f.requires_confirmation
              from scheduling.slots s join scheduling.bookable_slots f on f.id = s.id
             where s.id = $1 and s.booking_id is null and (f.verified or not $3)
               and not exists (select from scheduling.waitlist_offers w where w.slot_id = s.id and w.outcome is null)
               for update of s skip locked),
        first as materialized (
            select e.id, e.patient_id, slot.id as slot_id, slot.doctor_id,
                   least(slot.starts_at, statement_timestamp() + make_interval(mins => $4)) as expires_at
              from slot
              join scheduling.waitlist_entries e
                on (e.doctor_id = slot.doctor_id or lower(e.specialization) = lower(slot.specialization))
               and slot.starts_at >= e.starts_from and slot.starts_at < e.starts_until
              left join scheduling.bookings b on b.id = e.booking_id
             where e.status = 'waiting' and e.patient_id is distinct from $2
               and (e.booking_id is null or (b.status = 'confirmed' and slot.starts_at < b.starts_at
                                             and not slot.requires_confirmation))
               and not exists (select from scheduling.waitlist_offers w where w.entry_id = e.id and w.slot_id = slot.id)
               and not exists (
                    select from scheduling.bookings o
                     where o.patient_id = e.patient_id and o.status not in ('cancelled', 'declined', 'expired')
                       and o.id is distinct from e.booking_id
                       and o.starts_at < slot.ends_at and o.ends_at > slot.starts_at
                       and o.starts_at > slot.starts_at - interval '12 hours')
             order by e.created_at, e.id limit 1
               for update of e skip locked),
        offered as (
            insert into scheduling.waitlist_offers (entry_id, slot_id, expires_at)
            select id, slot_id, expires_at from first),
        marked as (
            update scheduling.waitlist_entries e set status = 'offered' from first where e.id = first.id),
        held as (
            update scheduling.slots s set held_by = first.patient_id, held_until = first.expires_at
              from first where s.id = first.slot_id),
        logged as (
            insert into audit.events (actor_role, action, entity, entity_id, details, trace_id)
            select 'system', 'waitlist.offered', 'waitlist_entry', id, jsonb_build_object('patient_id', patient_id,
                   'doctor_id', doctor_id, 'slot_id', slot_id, 'expires_at', expires_at), $5 from first)
        select true from first
        """;
}
