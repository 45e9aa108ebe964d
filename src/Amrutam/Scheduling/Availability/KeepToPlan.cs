using Amrutam.Platform;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Availability;

/// <summary>Makes doctors' slots what their plans say: the one way, for a change of rules, time off, and the days that come into view.</summary>
/// <remarks>
/// The doctors are locked since before the plans were made. Rows are locked in id order first, as every booking does. A slot
/// that was booked meanwhile is not closed; an open slot in the way of a new one keeps the new one out. Each statement writes
/// one event for each doctor.
/// </remarks>
static class KeepToPlan
{
    /// <summary>How many slots were closed, of all doctors together: fewer than planned when some were booked meanwhile.</summary>
    public sealed record Done(int Added, int Closed);

    /// <param name="by">Who changed what the slots depend on; null for the passing of time.</param>
    public static async Task<Done> Apply(
        NpgsqlConnection connection, IReadOnlyList<(DoctorCalendar Calendar, SlotPlan Plan)> plans, CurrentUser? by)
    {
        var close = plans.SelectMany(p => p.Plan.Close).ToList();
        var reopen = plans.SelectMany(p => p.Plan.Reopen.Select(slot => (slot, p.Calendar.Offered.Notice))).ToList();
        var publish = plans.SelectMany(p => p.Plan.Publish.Select(time => (time, p.Calendar))).ToList();
        if (close.Count + reopen.Count > 0)
            await connection.Statement(Lock)
                .With(close.Select(c => c.Slot.Id).Concat(reopen.Select(r => r.slot.Id)).ToArray()).Execute();
        var closed = close.Count == 0 ? 0 : await Actor(connection.Statement(Close)
            .With(close.ConvertAll(c => c.Slot.Id).ToArray()).With(close.ConvertAll(c => c.Because).ToArray()), by).Value<int>();
        var added = reopen.Count + publish.Count == 0 ? 0 : await Actor(connection.Statement(Publish)
            .With(reopen.ConvertAll(r => r.slot.Id).ToArray())
            .With(reopen.ConvertAll(r => (r.slot.Time.Start - r.Notice).ToDateTimeUtc()).ToArray())
            .With(publish.ConvertAll(_ => Guid.CreateVersion7()).ToArray())
            .With(publish.ConvertAll(p => p.Calendar.Doctor).ToArray())
            .With(publish.ConvertAll(p => p.time.Start.ToDateTimeUtc()).ToArray())
            .With(publish.ConvertAll(p => p.time.End.ToDateTimeUtc()).ToArray())
            .With(publish.ConvertAll(p => (p.time.Start - p.Calendar.Offered.Notice).ToDateTimeUtc()).ToArray()), by).Value<int>();
        return new(added, closed);
    }

    static Statement Actor(Statement statement, CurrentUser? by) =>
        statement.With(by?.Id).With(by?.Role ?? "system").With(by?.Trace);

    const string Lock = "select id from scheduling.slots where id = any($1) order by id for update";

    const string Close = """
        with closed as (
            update scheduling.slots s set closed_at = now(), closed_because = a.because, held_by = null, held_until = null
              from unnest($1::uuid[], $2::text[]) as a (id, because)
             where s.id = a.id and s.closed_at is null and s.booking_id is null
         returning s.doctor_id),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $3, $4, 'slots.closed', 'availability', doctor_id, jsonb_build_object('count', count(*)), $5
              from closed group by doctor_id)
        select count(*)::int from closed
        """;

    // The notice is the rules'; a slot published by hand can be booked until it starts.
    const string Publish = """
        with reopened as (
            update scheduling.slots s
               set closed_at = null, closed_because = null, bookable_until = case when from_rules then a.bookable_until end
              from unnest($1::uuid[], $2::timestamptz[]) as a (id, bookable_until)
             where s.id = a.id and s.closed_because is not null
         returning s.doctor_id),
        made as (
            insert into scheduling.slots (id, doctor_id, starts_at, ends_at, bookable_until, from_rules)
            select id, doctor_id, starts_at, ends_at, bookable_until, true
              from unnest($3::uuid[], $4::uuid[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[])
                as a (id, doctor_id, starts_at, ends_at, bookable_until)
                on conflict do nothing
         returning doctor_id),
        published as (select doctor_id from reopened union all select doctor_id from made),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $8, $9, 'slots.published', 'availability', doctor_id, jsonb_build_object('count', count(*)), $10
              from published group by doctor_id)
        select count(*)::int from published
        """;
}
