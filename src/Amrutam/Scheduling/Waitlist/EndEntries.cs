using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Npgsql;

namespace Amrutam.Scheduling.Waitlist;

/// <summary>Ends the places in line of bookings that can no longer be moved earlier. The slots on offer go to the next
/// in line.</summary>
/// <remarks>
/// Listens for changed bookings (<see cref="Bookings.ChangedBookingsListener"/>), so it runs in the transaction that
/// changes one. That transaction has locked slots, so this waits for no lock. It skips an entry or a slot that another
/// transaction has locked, and the job ends that entry within a second. A booking that was moved to the slot on offer
/// has taken the offer. An entry whose offer is no longer earlier than the booking waits for another.
/// </remarks>
sealed class EndEntries(OfferSlot offers)
{
    // More than one person's bookings have; the job ends the rest.
    public const int AtOnce = 100;

    public async Task OfBookings(NpgsqlConnection connection, Guid[] bookings, CurrentUser? by)
    {
        foreach (var (slot, patient) in await connection.Statement(EndOfBookings).With(AtOnce)
            .With(CommonProblems.Trace()).With(by?.Id).With(by?.Role ?? "system").With(bookings)
            .List(row => (row.GetGuid(0), row.GetGuid(1))))
            await offers.ToFirstInLine(connection, slot, patient);
    }

    /// <summary>Those that have an offer, for the job.</summary>
    /// <returns>The slots that this freed.</returns>
    public static Task<List<Guid>> WithOffers(NpgsqlConnection connection) =>
        connection.Statement(EndOffered).With(AtOnce).With(CommonProblems.Trace()).With((Guid?)null).With("system")
            .List(row => row.GetGuid(0));

    const string EndOfBookings = $"""
        with open as materialized (
            select e.* from scheduling.waitlist_entries e
             where e.booking_id = any($5) and e.status in ('waiting', 'offered')
             order by e.id limit $1 for update skip locked),
        {End}
        """;

    const string EndOffered = $"""
        with open as materialized (
            select e.* from scheduling.waitlist_entries e
             where e.status = 'offered' and e.booking_id is not null
             order by e.id limit $1 for update skip locked),
        {End}
        """;

    const string End = """
        judged as materialized (
            select e.id, e.patient_id, o.slot_id, case
                   when scheduling.is_active(b.status) and b.slot_id = o.slot_id then 'accepted'
                   when not scheduling.can_move_earlier(b, e.doctor_id, e.starts_from) then 'lapsed'
                   when s.starts_at >= b.starts_at then 'waiting' end as status
              from open e join scheduling.bookings b on b.id = e.booking_id
              left join scheduling.waitlist_offers o on o.entry_id = e.id and o.outcome is null
              left join scheduling.slots s on s.id = o.slot_id),
        held as materialized (
            select s.id from scheduling.slots s
             where s.id in (select slot_id from judged where status <> 'accepted')
             order by s.id for update skip locked),
        over as materialized (
            select j.* from judged j left join held h on h.id = j.slot_id
             where j.status is not null and (j.slot_id is null or j.status = 'accepted' or h.id is not null)),
        marked as (
            update scheduling.waitlist_entries e set status = o.status from over o where e.id = o.id),
        ended as (
            update scheduling.waitlist_offers w
               set outcome = case o.status when 'accepted' then 'accepted' else 'withdrawn' end, ended_at = now()
              from over o where w.entry_id = o.id and w.slot_id = o.slot_id),
        released as (
            update scheduling.slots s set held_by = null, held_until = null
              from over o join held h on h.id = o.slot_id
             where s.id = h.id and s.held_by = o.patient_id and s.booking_id is null
         returning s.id, o.patient_id),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $3, $4, 'waitlist.' || case status when 'waiting' then 'passed' else status end, 'waitlist_entry',
                   id, jsonb_strip_nulls(jsonb_build_object('patient_id', patient_id, 'slot_id', slot_id,
                   'status', status)), $2
              from over)
        select id, patient_id from released
        """;
}
