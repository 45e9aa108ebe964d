using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Caching;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Jobs;
using Amrutam.Scheduling.Bookings.Steps;
using Npgsql;

namespace Amrutam.Scheduling.Waitlist;

/// <summary>Releases slots of requests and offers that nobody answered, and of holds whose account may no longer
/// book. Offers each free slot to the first in line.</summary>
/// <remarks>Any number of replicas may run it: one skips rows that another has locked. Without it holds and requests
/// would still end in time, and only the waiting list would miss them.</remarks>
sealed class ReleaseExpiredSlots(NpgsqlDataSource db, SchedulingSettings settings, OfferSlot offers,
    FindFreeSlots free, CacheInvalidation changes) : IJob
{
    const int HoldsAtOnce = 100, OffersAtOnce = 100, UnansweredOffers = 3;

    string IJob.Name => "pass_on_slots";

    public TimeSpan Every => TimeSpan.FromSeconds(settings.Times.SweepSeconds);

    async Task<TimeSpan> IJob.RunOnce(CancellationToken stopping)
    {
        await Run();
        return Every;
    }

    public async Task Run()
    {
        var freed = new HashSet<Guid>(await Release(ExpireRequests.All));
        freed.UnionWith(await Release(connection => connection.Statement(EndHolds).With(HoldsAtOnce)
            .With(CommonProblems.Trace()).List(row => row.GetGuid(0))));
        freed.UnionWith(await Release(connection => connection.Statement(EndOffers).With(OffersAtOnce)
            .With(UnansweredOffers).With(CommonProblems.Trace()).List(row => row.GetGuid(0))));
        freed.UnionWith(await Release(EndEntries.WithOffers));
        await db.Statement(Lapse).With(FindFreeSlots.EntriesAtOnce).With(CommonProblems.Trace()).Execute();
        freed.UnionWith(await db.InTransaction(free.ForAnybody));
        foreach (var slot in freed)
            if (await db.InTransaction(connection => offers.ToFirstInLine(connection, slot, null)))
                changes.InvalidateAll();
    }

    async Task<List<Guid>> Release(Func<NpgsqlConnection, Task<List<Guid>>> release)
    {
        var freed = await db.InTransaction(release);
        if (freed.Count > 0) changes.InvalidateAll();
        return freed;
    }

    // A request holds its slot by its own id, which is no account's.
    const string EndHolds = """
        with due as materialized (
            select s.id, s.held_by from scheduling.slots s
             where s.held_by is not null and s.booking_id is null and s.held_until > statement_timestamp()
               and (select not p.active or p.role <> 'patient' from identity.people p where p.id = s.held_by)
             order by s.id limit $1 for update of s skip locked),
        released as (
            update scheduling.slots s set held_by = null, held_until = null
              from due where s.id = due.id
         returning s.id, s.doctor_id, due.held_by),
        logged as (
            insert into audit.events (actor_role, action, entity, entity_id, details, trace_id)
            select 'system', 'slots.released', 'slot', id,
                   jsonb_build_object('doctor_id', doctor_id, 'patient_id', held_by), $2 from released)
        select id from released
        """;

    // An offer is taken when the patient booked its slot, by accepting or as the holder. After any other end the slot
    // is offered to the next in line.
    const string EndOffers = """
        with due as materialized (
            select e.id, e.patient_id, e.passes, o.slot_id, o.offered_at
              from scheduling.waitlist_offers o
              join scheduling.waitlist_entries e on e.id = o.entry_id
              left join scheduling.slots s on s.id = o.slot_id
             where o.outcome is null and e.status = 'offered'
               and (o.expires_at <= statement_timestamp() or s.held_by is distinct from e.patient_id)
             order by o.expires_at limit $1 for update of e skip locked),
        judged as materialized (
            select due.*, exists (
                   select from scheduling.bookings b
                    where b.slot_id = due.slot_id and b.patient_id = due.patient_id
                      and scheduling.is_active(b.status) and b.created_at >= due.offered_at)
                   as taken
              from due),
        ended as (
            update scheduling.waitlist_offers o
               set outcome = case when j.taken then 'accepted' else 'passed' end, ended_at = now()
              from judged j where o.entry_id = j.id and o.slot_id = j.slot_id),
        marked as (
            update scheduling.waitlist_entries e
               set status = case when j.taken then 'accepted' when j.passes + 1 >= $2 then 'lapsed' else 'waiting' end,
                   passes = e.passes + (not j.taken)::int
              from judged j where e.id = j.id
         returning e.id, e.patient_id, e.status),
        logged as (
            insert into audit.events (actor_role, action, entity, entity_id, details, trace_id)
            select 'system', 'waitlist.' || case when j.taken then 'accepted' else 'passed' end,
                   'waitlist_entry', m.id, jsonb_build_object('patient_id', m.patient_id, 'slot_id', j.slot_id,
                   'status', m.status), $3
              from marked m join judged j on j.id = m.id)
        select slot_id from judged where not taken
        """;

    // The same entries that are checked for a free slot next, so that each has its turn.
    const string Lapse = """
        with seen as materialized (
            select e.* from scheduling.waitlist_entries e
             where e.status = 'waiting' and e.looked_at < statement_timestamp() - interval '5 seconds'
             order by e.looked_at limit $1 for update skip locked),
        lapsed as (
            update scheduling.waitlist_entries e set status = 'lapsed'
              from seen left join scheduling.bookings b on b.id = seen.booking_id
             where e.id = seen.id and (seen.starts_until <= statement_timestamp()
                   or not scheduling.can_move_earlier(b, seen.doctor_id, seen.starts_from))
         returning e.id, e.patient_id)
        insert into audit.events (actor_role, action, entity, entity_id, details, trace_id)
        select 'system', 'waitlist.lapsed', 'waitlist_entry', id, jsonb_build_object('patient_id', patient_id), $2
          from lapsed
        """;
}
