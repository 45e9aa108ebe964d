using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Scheduling.Waitlist;

/// <summary>Finds free slots that somebody waits for: those that no transaction freed, but the clock, or that are
/// new.</summary>
static class FindFreeSlots
{
    // What one look takes on; the entries that were longest not looked at come first, so all have their turn.
    public const int EntriesAtOnce = 50;

    public static Task<List<Guid>> ForAnybody(NpgsqlConnection connection, SchedulingSettings settings) =>
        connection.Statement(OfTheLongestUnseen).With(EntriesAtOnce).With(settings.VerifiedDoctorsOnly)
            .List(row => row.GetGuid(0));

    public static Task<List<Guid>> For(NpgsqlConnection connection, Guid entry, SchedulingSettings settings) =>
        connection.Statement(OfOneEntry).With(entry).With(settings.VerifiedDoctorsOnly).List(row => row.GetGuid(0));

    // Every five seconds is soon enough for what no transaction freed, and spares the list a write each second.
    const string OfTheLongestUnseen = """
        with waiting as materialized (
            select e.* from scheduling.waitlist_entries e
             where e.status = 'waiting' and e.looked_at < statement_timestamp() - interval '5 seconds'
             order by e.looked_at for update skip locked limit $1)
        """ + Free;

    const string OfOneEntry = """
        with waiting as materialized (
            select e.* from scheduling.waitlist_entries e where e.status = 'waiting' and e.id = $1 for update)
        """ + Free;

    const string Free = """
        ,
        seen as (
            update scheduling.waitlist_entries e set looked_at = statement_timestamp() from waiting w where e.id = w.id)
        select distinct found.id
          from waiting e
          left join scheduling.bookings b on b.id = e.booking_id
         cross join lateral (
            select d.id from doctors.practitioners d where d.id = e.doctor_id and (d.verified or not $2)
            union all
           (select d.id from doctors.practitioners d
             where lower(d.specialization) = lower(e.specialization) and (d.verified or not $2) limit 50)) d
         cross join lateral (
            select s.id from scheduling.bookable_slots s
             where s.doctor_id = d.id and s.starts_at >= e.starts_from and s.starts_at < e.starts_until
               and (e.booking_id is null or (b.status = 'confirmed' and s.starts_at < b.starts_at
                                             and not s.requires_confirmation))
               and not exists (select from scheduling.waitlist_offers w where w.slot_id = s.id and w.entry_id = e.id)
               and not exists (select from scheduling.waitlist_offers w where w.slot_id = s.id and w.outcome is null)
               and not exists (
                    select from scheduling.bookings o
                     where o.patient_id = e.patient_id and o.status not in ('cancelled', 'declined', 'expired')
                       and o.id is distinct from e.booking_id
                       and o.starts_at < s.ends_at and o.ends_at > s.starts_at
                       and o.starts_at > s.starts_at - interval '12 hours')
             order by s.starts_at limit 1) found
         order by found.id
        """;
}
