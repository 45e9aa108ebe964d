using Amrutam.Platform.Invariants;

namespace Amrutam.Scheduling.Invariants;

/// <summary>The agreement of slots, time off and the waiting list with the event log, as queries that return
/// violations.</summary>
/// <remarks>Slots that a doctor's rules make and close are left out: a thousand of them are one event, which names
/// none. <see cref="CalendarInvariants"/> has the bookings.</remarks>
static class CalendarEventInvariants
{
    public static readonly IReadOnlyList<Invariant> All =
    [
        new("a_slot_by_hand_has_its_events", SlotHasItsEvents, Invariant.Changed),
        new("a_time_off_has_its_event", TimeOffHasItsEvent, Invariant.Changed),
        new("a_waitlist_entry_has_its_events", EntryHasItsEvents, Invariant.Changed),
    ];

    // For an imported clinic one event of the doctor covers all of the doctor's slots.
    const string SlotHasItsEvents = $"""
        with touched as materialized (
            (select id from scheduling.slots {Invariant.RecentRows})
            union (select entity_id from audit.actions where entity = 'slot' and {Invariant.RecentEvents}))
        select t.id::text from touched t left join scheduling.slots s on s.id = t.id
         where s.id is null
            or (not s.from_rules and not exists (
                select from audit.actions e
                 where e.entity_id in (s.id, s.doctor_id) and e.at >= s.created_at - interval '1 day'
                   and e.entity = case e.entity_id when s.id then 'slot' else 'doctor' end
                   and e.action = 'slots.published'))
            or (s.closed_at is not null and s.closed_because is null and not exists (
                select from audit.actions e
                 where e.entity_id = s.id and e.at >= s.created_at - interval '1 day' and e.action = 'slots.closed'))
         {Invariant.Limit}
        """;

    // Time off that is erased with its doctor has no event of its own; the erasure itself takes it without an actor.
    const string TimeOffHasItsEvent = $"""
        with there as materialized (
            select id from scheduling.time_off {Invariant.RecentRows}),
        taken as materialized (
            select entity_id as id, actor_id from audit.actions
             where action = 'time_off.taken' and actor_id is not null and {Invariant.RecentEvents})
        select t.id::text from there t
         where not exists (
               select from audit.actions e where e.entity_id = t.id and e.action = 'time_off.taken')
        union all
        select t.id::text from taken t
         where not exists (select from scheduling.time_off o where o.id = t.id)
           and not exists (
               select from audit.actions e where e.entity_id = t.id and e.action = 'time_off.withdrawn')
           and not exists (
               select from audit.actions e where e.entity_id = t.actor_id and e.action = 'accounts.erased')
         {Invariant.Limit}
        """;

    const string EntryHasItsEvents = $"""
        with touched as materialized (
            (select id from scheduling.waitlist_entries {Invariant.RecentRows})
            union (select entity_id from audit.actions
                    where entity = 'waitlist_entry' and {Invariant.RecentEvents}))
        select t.id::text from touched t left join scheduling.waitlist_entries w on w.id = t.id
         where w.id is null
            or not exists (select from audit.actions e where e.entity_id = w.id and e.action = 'waitlist.joined')
            or (w.status in ('accepted', 'left', 'lapsed') and not exists (
                select from audit.actions e
                 where e.entity_id = w.id and e.action in ('waitlist.' || w.status,
                       case w.status when 'lapsed' then 'waitlist.passed' end)))
         {Invariant.Limit}
        """;
}
