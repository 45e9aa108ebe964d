using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Scheduling.Waitlist;

/// <summary>Finds free slots that patients wait for and that no transaction has announced. They are new, became free by
/// the clock, or suit a patient whose cool-down is over.</summary>
sealed class FindFreeSlots(SchedulingSettings settings, SchedulingLimits limits)
{
    // The most in one run. The entries with the oldest check come first, so each has its turn.
    public const int EntriesAtOnce = 50;

    public Task<List<Guid>> ForAnybody(NpgsqlConnection connection) =>
        Find(connection.Statement(OfOldestChecks).With(EntriesAtOnce));

    public Task<List<Guid>> For(NpgsqlConnection connection, Guid entry) =>
        Find(connection.Statement(OfOneEntry).With(entry));

    Task<List<Guid>> Find(Statement statement) => statement.With(settings.VerifiedDoctorsOnly)
        .With(limits.CancellationsPerPatient).List(row => row.GetGuid(0));

    // Every five seconds is soon enough for slots that no transaction freed, and saves a write each second.
    const string OfOldestChecks = """
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
         cross join lateral (
            select e.doctor_id as id where e.doctor_id is not null
            union all
           (select d.id from doctors.bookable_doctors($2) d
             where lower(d.specialization) = lower(e.specialization) limit 50)) d
         cross join lateral (
            select s.id from scheduling.bookable_slots($2) s
             where s.doctor_id = d.id and s.starts_at >= e.starts_from and s.starts_at < e.starts_until
               and not exists (select from scheduling.waitlist_offers w where w.slot_id = s.id and w.outcome is null)
               and exists (
                    select from scheduling.entry_suits_slot(e.id, e.patient_id, e.booking_id, s.id, s.doctor_id,
                        s.starts_at, s.ends_at, s.requires_confirmation, $3))
             order by s.starts_at limit 1) found
         order by found.id
        """;
}
