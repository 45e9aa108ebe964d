using Amrutam.Platform.Invariants;

namespace Amrutam.Scheduling.Invariants;

/// <summary>The invariants of slots, bookings and the waiting list, as queries that return violations.</summary>
/// <remarks>Constraints hold most of them. The rest compare tables with each other and with the event log, which no
/// constraint can do.</remarks>
static class CalendarInvariants
{
    public static readonly IReadOnlyList<Invariant> All =
    [
        new("one_active_booking_per_slot", OneBookingPerSlot, Invariant.Changed),
        new("bookings_of_a_patient_do_not_overlap", PatientIsInOnePlace, Invariant.Changed),
        new("bookings_of_a_doctor_do_not_overlap", DoctorSeesOnePatient, Invariant.Changed),
        new("a_key_has_one_booking", KeyHasOneBooking, Invariant.Changed),
        new("a_key_names_a_booking_of_its_own_patient", KeyNamesABooking, Invariant.Happened),
        new("a_booking_has_its_event", BookingHasItsEvent, Invariant.Changed),
        new("a_change_has_its_event", ChangeHasItsEvent, Invariant.Changed),
        new("an_event_has_its_booking", EventHasItsBooking, Invariant.Happened),
        new("a_change_is_in_the_history", ChangeIsInTheHistory, Invariant.Changed),
        new("a_booked_slot_has_its_booking", BookedSlotHasItsBooking, Invariant.Changed),
        new("an_open_slot_has_no_booking", OpenSlotHasNoBooking, Invariant.Changed),
        new("a_booking_lies_where_its_slot_lies", BookingLiesWhereItsSlotLies, Invariant.Changed),
        new("a_request_holds_its_slot", RequestHoldsItsSlot, Invariant.Changed),
        new("an_expired_request_blocks_nothing", ExpiredRequestBlocksNothing, Invariant.All),
        new("an_offer_is_for_its_entry", OfferIsForItsEntry, Invariant.All),
        new("an_entry_with_an_offer_has_one", EntryWithAnOfferHasOne, Invariant.All),
    ];

    // Bookings that were made or changed, or have an event, in the window.
    const string TouchedBookings = $"""
        touched as materialized (
            (select id from scheduling.bookings {Invariant.RecentRows})
            union (select booking_id from scheduling.booking_steps where at >= $3 order by at desc limit $4)
            union (select entity_id from audit.actions where entity = 'booking' and {Invariant.RecentEvents})),
        b as (select b.* from touched t join scheduling.bookings b on b.id = t.id)
        """;

    // Slots that were made in the window, and the present and former slots of its bookings.
    const string TouchedSlots = $"""
        {TouchedBookings},
        slots as materialized (
            (select id from scheduling.slots {Invariant.RecentRows})
            union select b.slot_id from b
            union select h.from_slot_id from b join scheduling.booking_steps h on h.booking_id = b.id)
        """;

    const string OneBookingPerSlot = $"""
        with {TouchedBookings}
        select b.id::text from b join scheduling.bookings o on o.slot_id = b.slot_id and o.id <> b.id
         where scheduling.is_active(b.status) and scheduling.is_active(o.status)
         {Invariant.Limit}
        """;

    const string PatientIsInOnePlace = $"""
        with {TouchedBookings}
        select b.id::text from b
         where scheduling.is_active(b.status) and not scheduling.has_expired(b.status, b.expires_at)
           and exists (
                select from scheduling.bookings_of_patient_between(b.patient_id, b.starts_at, b.ends_at) o
                 where o.id <> b.id)
         {Invariant.Limit}
        """;

    // A booking is at most 12 hours long, so the other one begins less than that before it.
    const string DoctorSeesOnePatient = $"""
        with {TouchedBookings}
        select b.id::text from b join scheduling.bookings o on o.doctor_id = b.doctor_id and o.id <> b.id
           and o.starts_at < b.ends_at and o.ends_at > b.starts_at and o.starts_at > b.starts_at - interval '12 hours'
         where scheduling.is_active(b.status) and scheduling.is_active(o.status)
         {Invariant.Limit}
        """;

    const string KeyHasOneBooking = $"""
        with {TouchedBookings}
        select b.id::text from b
          join platform.idempotency_keys k on k.user_id = coalesce(b.booked_by, b.patient_id)
           and k.booking_id = b.id
          join platform.idempotency_keys o on o.user_id = k.user_id and o.key = k.key and o.booking_id <> k.booking_id
         {Invariant.Limit}
        """;

    const string KeyNamesABooking = $"""
        with recent as materialized (
            select user_id, booking_id from platform.idempotency_keys
             where created_at >= $1 and booking_id is not null order by created_at desc limit $2)
        select r.booking_id::text from recent r left join scheduling.bookings b on b.id = r.booking_id
         where coalesce(b.booked_by, b.patient_id) is distinct from r.user_id
         {Invariant.Limit}
        """;

    // From a day before on, so that old months of the log are not read; an event has the time of its booking.
    const string BookingHasItsEvent = $"""
        with {TouchedBookings}
        select b.id::text from b
         where (select count(*) from audit.actions e
                 where e.entity_id = b.id and e.at >= b.created_at - interval '1 day'
                   and e.action in ('bookings.booked', 'bookings.requested')) <> 1
         {Invariant.Limit}
        """;

    const string ChangeHasItsEvent = $"""
        with {TouchedBookings}
        select b.id::text from b
         where b.revision <> (
               select count(*) from audit.actions e
                where e.entity_id = b.id and e.at >= b.created_at - interval '1 day'
                  and e.action not in ('bookings.booked', 'bookings.requested'))
         {Invariant.Limit}
        """;

    const string EventHasItsBooking = $"""
        with recent as materialized (
            select entity_id from audit.actions
             where action in ('bookings.booked', 'bookings.requested') and at >= $1
             order by at desc, position desc limit $2)
        select r.entity_id::text from recent r left join scheduling.bookings b on b.id = r.entity_id where b.id is null
         {Invariant.Limit}
        """;

    const string ChangeIsInTheHistory = $"""
        with {TouchedBookings}
        select b.id::text from b
         where b.revision <> (select count(*) from scheduling.booking_steps h where h.booking_id = b.id)
         {Invariant.Limit}
        """;

    const string BookedSlotHasItsBooking = $"""
        with {TouchedSlots}
        select s.id::text from slots t join scheduling.slots s on s.id = t.id
          left join scheduling.bookings o
            on o.id = s.booking_id and o.slot_id = s.id and scheduling.is_active(o.status)
         where s.booking_id is not null and o.id is null
         {Invariant.Limit}
        """;

    const string OpenSlotHasNoBooking = $"""
        with {TouchedSlots}
        select s.id::text from slots t join scheduling.slots s on s.id = t.id
          join scheduling.bookings o on o.slot_id = s.id and scheduling.is_active(o.status)
         where s.booking_id is null
         {Invariant.Limit}
        """;

    const string BookingLiesWhereItsSlotLies = $"""
        with {TouchedBookings}
        select b.id::text from b join scheduling.slots s on s.id = b.slot_id
         where (b.starts_at, b.ends_at, b.doctor_id) is distinct from (s.starts_at, s.ends_at, s.doctor_id)
           and scheduling.is_active(b.status)
         {Invariant.Limit}
        """;

    const string RequestHoldsItsSlot = $"""
        with {TouchedBookings}
        select b.id::text from b join scheduling.slots s on s.id = b.slot_id and s.booking_id = b.id
         where (b.status = 'requested') <> coalesce(s.held_by = b.id and s.held_until = b.expires_at, false)
            or (b.status <> 'requested' and s.held_by is not null)
         {Invariant.Limit}
        """;

    const string ExpiredRequestBlocksNothing = $"""
        select id::text from scheduling.bookings
         where status = 'requested' and expires_at < now() - interval '1 minute'
         {Invariant.Limit}
        """;

    const string OfferIsForItsEntry = $"""
        select o.slot_id::text from scheduling.waitlist_offers o
          join scheduling.waitlist_entries e on e.id = o.entry_id
         where o.outcome is null and (e.status <> 'offered' or o.expires_at < now() - interval '1 minute')
         {Invariant.Limit}
        """;

    const string EntryWithAnOfferHasOne = $"""
        select e.id::text from scheduling.waitlist_entries e
         where e.status = 'offered' and not exists (
               select from scheduling.waitlist_offers o where o.entry_id = e.id and o.outcome is null)
         {Invariant.Limit}
        """;
}
