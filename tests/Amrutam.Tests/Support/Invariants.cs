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

    static readonly (string Rule, string Sql)[] Queries =
    [
        ("a slot has one active booking", """
            select slot_id from scheduling.bookings where status <> 'cancelled' group by slot_id having count(*) > 1
            """),
        ("a patient is in one place at a time", """
            select a.id from scheduling.bookings a join scheduling.bookings b on a.patient_id = b.patient_id
                 and a.id < b.id
             where a.status <> 'cancelled' and b.status <> 'cancelled' and a.starts_at < b.ends_at
                  and b.starts_at < a.ends_at
            """),
        ("a doctor sees one patient at a time", """
            select a.id from scheduling.bookings a join scheduling.bookings b on a.doctor_id = b.doctor_id
                 and a.id < b.id
             where a.status <> 'cancelled' and b.status <> 'cancelled' and a.starts_at < b.ends_at
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
             where (select count(*) from audit.events e where e.entity_id = b.id and e.action = 'bookings.booked') <> 1
            """),
        ("a change has its event", """
            select b.id from scheduling.bookings b
             where b.revision <> (select count(*) from audit.events e where e.entity_id = b.id
                  and e.action <> 'bookings.booked')
            """),
        ("an event has its booking", """
            select e.entity_id from audit.events e left join scheduling.bookings b on b.id = e.entity_id
             where e.action = 'bookings.booked' and b.id is null
            """),
        ("a slot marked booked has its booking, and that is active", """
            select s.id from scheduling.slots s left join scheduling.bookings b on b.id = s.booking_id
                 and b.slot_id = s.id and b.status <> 'cancelled'
             where s.booking_id is not null and b.id is null
            """),
        ("an open slot has no active booking", """
            select s.id from scheduling.slots s join scheduling.bookings b on b.slot_id = s.id
                 and b.status <> 'cancelled' where s.booking_id is null
            """),
        ("a booking lies where its slot lies", """
            select b.id from scheduling.bookings b join scheduling.slots s on s.id = b.slot_id
             where b.status <> 'cancelled' and (b.starts_at, b.ends_at, b.doctor_id) is distinct
                  from (s.starts_at, s.ends_at, s.doctor_id)
            """),
    ];
}
