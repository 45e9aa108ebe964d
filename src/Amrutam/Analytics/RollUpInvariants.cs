using Amrutam.Platform.Invariants;

namespace Amrutam.Analytics;

/// <summary>The invariants that the roll-up missed no booking and counted none twice, as queries that give no
/// row.</summary>
static class RollUpInvariants
{
    public static readonly IReadOnlyList<Invariant> All =
    [
        new("a_booking_that_was_read_is_counted", ReadIsCounted, Invariant.Happened),
        new("a_booking_is_counted_once", CountedOnce, Invariant.Happened),
    ];

    // It begins three minutes earlier, because the last check could not judge events that were not read yet.
    const string ReadIsCounted = $"""
        with recent as materialized (
            select entity_id, position from audit.actions
             where action in ('bookings.booked', 'bookings.requested')
               and at >= $1::timestamptz - interval '3 minutes'
             order by at desc, position desc limit $2)
        select r.entity_id::text from recent r left join analytics.bookings k on k.id = r.entity_id
         where k.id is null and r.position <= (select c.position from platform.cursors c where c.reader = 'analytics')
           and not exists (select from platform.passed_over p where p.reader = 'analytics' and p.position = r.position)
         {Invariant.Limit}
        """;

    // It reads a day at a time, from the day of the window's beginning. $2 is more than there are days.
    const string CountedOnce = """
        with made as (
            select booked_on as day, count(*) as n from analytics.bookings
             where booked_on >= ($1::timestamptz at time zone 'UTC')::date group by booked_on),
        counted as (
            select day, sum(n) as n from analytics.daily
             where measure = 'bookings' and day >= ($1::timestamptz at time zone 'UTC')::date group by day)
        select day::text from made full join counted using (day)
         where coalesce(made.n, 0) <> coalesce(counted.n, 0) order by day limit least($2, 100)
        """;
}
