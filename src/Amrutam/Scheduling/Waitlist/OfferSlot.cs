using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Npgsql;

namespace Amrutam.Scheduling.Waitlist;

/// <summary>Offers a free slot to the first in line who can come, and holds it for them until the offer
/// ends.</summary>
/// <remarks>
/// Listens for freed slots (<see cref="Bookings.FreedSlotListener"/>), so it runs in the transaction that frees one and
/// nobody books before the line. The job offers slots that became free by the clock. Entries are locked with
/// <c>skip locked</c>: an entry that is just being changed is passed over, and this never waits. The slot's one hold
/// and the keys of <c>waitlist_offers</c> prevent two offers of one slot.
/// </remarks>
sealed class OfferSlot(SchedulingSettings settings, SchedulingLimits limits)
{
    /// <param name="except">The patient who gave the slot up, or null.</param>
    /// <returns>Whether there was somebody to offer it to.</returns>
    public Task<bool> ToFirstInLine(NpgsqlConnection connection, Guid slot, Guid? except) =>
        connection.Statement(Offer).With(slot).With(except).With(settings.VerifiedDoctorsOnly)
            .With(settings.Times.OfferMinutes).With(CommonProblems.Trace()).With(limits.CancellationsPerPatient)
            .Value<bool>();

    const string Offer = """
        with slot as materialized (
            select s.id, s.doctor_id, s.starts_at, s.ends_at, s.bookable_until, f.specialization,
                   f.requires_confirmation
              from scheduling.slots s join scheduling.bookable_slots($3) f on f.id = s.id
             where s.id = $1 and s.booking_id is null
               and not exists (select from scheduling.waitlist_offers w where w.slot_id = s.id and w.outcome is null)
               for update of s skip locked),
        first as materialized (
            select e.id, e.patient_id, slot.id as slot_id, slot.doctor_id,
                   least(slot.starts_at, slot.bookable_until, statement_timestamp() + make_interval(mins => $4))
                       as expires_at
              from slot
             cross join lateral (
                select w.id from scheduling.waitlist_entries w
                 where w.status = 'waiting' and w.doctor_id = slot.doctor_id
                union all
                select w.id from scheduling.waitlist_entries w
                 where w.status = 'waiting' and lower(w.specialization) = lower(slot.specialization)) line
              join scheduling.waitlist_entries e on e.id = line.id
               and slot.starts_at >= e.starts_from and slot.starts_at < e.starts_until
             where e.status = 'waiting' and e.patient_id is distinct from $2
               and exists (
                    select from scheduling.entry_suits_slot(e.id, e.patient_id, e.booking_id, slot.id,
                        slot.doctor_id, slot.starts_at, slot.ends_at, slot.requires_confirmation, $6))
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
