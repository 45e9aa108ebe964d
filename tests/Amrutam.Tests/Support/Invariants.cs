using Amrutam.Platform;

namespace Amrutam.Tests.Support;

/// <summary>The queries of the contract that must return no row, at any moment, after any fault.</summary>
static class Invariants
{
    public static async Task ShouldKeepItsInvariants(this TestServer server)
    {
        foreach (var (rule, sql) in Queries)
            (await server.Owner.Statement(sql).List(row => row.GetValue(0).ToString())).ShouldBeEmpty(rule);
    }

    static readonly (string Rule, string Sql)[] Queries = [
        ("a slot has one active booking", """
            select slot_id from scheduling.bookings where status not in ('cancelled', 'declined', 'expired')
             group by slot_id having count(*) > 1
            """),
        ("a patient is in one place at a time", """
            select a.id from scheduling.bookings a join scheduling.bookings b on a.patient_id = b.patient_id
                 and a.id < b.id
             where a.status not in ('cancelled', 'declined', 'expired')
               and b.status not in ('cancelled', 'declined', 'expired') and a.starts_at < b.ends_at
                  and b.starts_at < a.ends_at
            """),
        ("a doctor sees one patient at a time", """
            select a.id from scheduling.bookings a join scheduling.bookings b on a.doctor_id = b.doctor_id
                 and a.id < b.id
             where a.status not in ('cancelled', 'declined', 'expired')
               and b.status not in ('cancelled', 'declined', 'expired') and a.starts_at < b.ends_at
                  and b.starts_at < a.ends_at
            """),
        ("a key has one booking", """
            select min(key) from scheduling.idempotency_keys where booking_id is not null group by user_id,
                 key having count(distinct booking_id) > 1
            """),
        ("a key names a booking that is there", """
            select k.key from scheduling.idempotency_keys k left join scheduling.bookings b on b.id = k.booking_id
             where k.booking_id is not null and b.id is null
            """),
        ("a booking has its event", """
            select b.id from scheduling.bookings b
             where (select count(*) from audit.events e where e.entity_id = b.id
                      and e.action in ('bookings.booked', 'bookings.requested')) <> 1
            """),
        ("a change has its event", """
            select b.id from scheduling.bookings b
             where b.revision <> (select count(*) from audit.events e where e.entity_id = b.id
                  and e.action not in ('bookings.booked', 'bookings.requested'))
            """),
        ("an event has its booking", """
            select e.entity_id from audit.events e left join scheduling.bookings b on b.id = e.entity_id
             where e.action in ('bookings.booked', 'bookings.requested') and b.id is null
            """),
        ("a slot marked booked has its booking, and that is active", """
            select s.id from scheduling.slots s left join scheduling.bookings b on b.id = s.booking_id
                 and b.slot_id = s.id and b.status not in ('cancelled', 'declined', 'expired')
             where s.booking_id is not null and b.id is null
            """),
        ("an open slot has no active booking", """
            select s.id from scheduling.slots s join scheduling.bookings b on b.slot_id = s.id
               and b.status not in ('cancelled', 'declined', 'expired')
             where s.booking_id is null
            """),
        ("a booking lies where its slot lies", """
            select b.id from scheduling.bookings b join scheduling.slots s on s.id = b.slot_id
             where b.status not in ('cancelled', 'declined', 'expired')
               and (b.starts_at, b.ends_at, b.doctor_id) is distinct from (s.starts_at, s.ends_at, s.doctor_id)
            """),
        ("a change is in the booking's history", """
            select b.id from scheduling.bookings b
             where b.revision <> (select count(*) from scheduling.booking_steps s where s.booking_id = b.id)
            """),
        ("a request holds its slot, and nothing else that is booked is held", """
            select b.id from scheduling.bookings b join scheduling.slots s on s.booking_id = b.id
             where (b.status = 'requested') <> coalesce(s.held_by = b.id and s.held_until = b.expires_at, false)
                or (b.status <> 'requested' and s.held_by is not null)
            """),
        ("a request long expired blocks nothing", """
            select id from scheduling.bookings where status = 'requested' and expires_at < now() - interval '1 minute'
            """),
        ("an offer is for one entry, which says so, and long expired it is passed on", """
            select o.slot_id from scheduling.waitlist_offers o join scheduling.waitlist_entries e on e.id = o.entry_id
             where o.outcome is null and (e.status <> 'offered' or o.expires_at < now() - interval '1 minute')
            """),
        ("an entry that says it has an offer has one", """
            select e.id from scheduling.waitlist_entries e
             where e.status = 'offered' and not exists (
                   select from scheduling.waitlist_offers o where o.entry_id = e.id and o.outcome is null)
            """),
    ];
}
