using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Scheduling.Generation;
using Amrutam.Scheduling.Slots;
using Npgsql;

namespace Amrutam.Scheduling.Schedule;

/// <summary>Applies plans to doctors' slots after a change of rules, after time off, and for new days.</summary>
/// <remarks>The caller locked the doctors' calendars before the plans were made. Rows are locked in id order first, as
/// in every booking. A slot that was booked or held in between is withdrawn and not closed, so that it is not open
/// afterwards. Then the plans are made again, because the booking may overlap a new slot. So no published slot overlaps
/// another, and the insert needs no <c>on conflict</c>. That would search the exclusion constraint's index twice, which
/// took a third of the time. Each statement writes one event for each doctor.</remarks>
static class ApplySlotPlan
{
    /// <summary>Totals of all doctors. Fewer are closed than planned when some were booked in between.</summary>
    public sealed record Done(int Added, int Closed);

    /// <param name="by">The actor; null for the system.</param>
    public static async Task<Done> Apply(
        NpgsqlConnection connection, IReadOnlyList<(DoctorCalendar Calendar, SlotPlan Plan)> plans, CurrentUser? by)
    {
        var close = plans.SelectMany(p => p.Plan.Close).ToList();
        var withdraw = plans.SelectMany(p => p.Plan.Withdraw).Select(slot => slot.Id).ToList();
        Guid[] touched = [.. close.Select(c => c.Slot.Id), .. withdraw,
            .. plans.SelectMany(p => p.Plan.Reopen.Concat(p.Plan.Restore)).Select(slot => slot.Id)];
        if (touched.Length > 0) await connection.Statement(CalendarLocks.Slots).With(touched).Execute();
        var closed = close.Count + withdraw.Count == 0 ? 0 : await Actor(connection.Statement(Close)
            .With(close.ConvertAll(c => c.Slot.Id).ToArray()).With(close.ConvertAll(c => c.Because).ToArray())
            .With(withdraw.ToArray()), by).Value<int>();
        if (closed < close.Count)
            plans = (await DoctorCalendar.Of(connection, [.. plans.Select(p => p.Calendar.Doctor)]))
                .ConvertAll(calendar => (calendar, calendar.Plan()));
        var opened = await Open(connection, plans, by);
        await KeepKinds(connection, plans);
        return new(opened, closed);
    }

    /// <summary>Gives each slot of the rules the kinds of visit of its rule.</summary>
    static async Task KeepKinds(
        NpgsqlConnection connection, IReadOnlyList<(DoctorCalendar Calendar, SlotPlan Plan)> plans)
    {
        foreach (var calendar in plans.Select(p => p.Calendar).Where(calendar => calendar.Offered.VisitTypes.Any()))
        {
            var wanted = calendar.Wanted(calendar.Offered.Windows(), calendar.Offered);
            await connection.Statement(SetKinds).With(calendar.Doctor)
                .With(wanted.ConvertAll(slot => slot.Time.Start.ToDateTimeUtc()).ToArray())
                .With(wanted.ConvertAll(slot => slot.Time.End.ToDateTimeUtc()).ToArray())
                .With(wanted.ConvertAll(slot =>
                    slot.Window.VisitTypes is { } kinds ? $"{{{string.Join(',', kinds)}}}" : null).ToArray()).Execute();
        }
    }

    static async Task<int> Open(
        NpgsqlConnection connection, IReadOnlyList<(DoctorCalendar Calendar, SlotPlan Plan)> plans, CurrentUser? by)
    {
        // A withdrawn slot is open or booked, so it only gets its notice back.
        var reopen = plans.SelectMany(p => p.Plan.Reopen.Concat(p.Plan.Restore)
            .Select(slot => (slot.Id, Until: p.Calendar.BookableUntil(slot.Time)))).ToList();
        var publish = plans.SelectMany(p => p.Plan.Publish.Select(time => (Time: time, p.Calendar))).ToList();
        return reopen.Count + publish.Count == 0 ? 0 : await Actor(connection.Statement(Publish)
            .With(reopen.ConvertAll(r => r.Id).ToArray()).With(reopen.ConvertAll(r => r.Until).ToArray())
            .With(publish.ConvertAll(_ => Guid.CreateVersion7()).ToArray())
            .With(publish.ConvertAll(p => p.Calendar.Doctor).ToArray())
            .With(publish.ConvertAll(p => p.Time.Start.ToDateTimeUtc()).ToArray())
            .With(publish.ConvertAll(p => p.Time.End.ToDateTimeUtc()).ToArray())
            .With(publish.ConvertAll(p => p.Calendar.BookableUntil(p.Time)).ToArray()), by).Value<int>();
    }

    static Statement Actor(Statement statement, CurrentUser? by) =>
        statement.With(by?.Id).With(by?.Role ?? "system").With(by?.Trace);

    const string Close = """
        with closed as (
            update scheduling.slots s
               set closed_at = now(), closed_because = a.because, held_by = null, held_until = null
              from unnest($1::uuid[], $2::text[]) as a (id, because)
             where s.id = a.id and s.closed_at is null and s.booking_id is null
               and (s.held_until is null or s.held_until <= statement_timestamp())
         returning s.doctor_id),
        withdrawn as (
            update scheduling.slots set bookable_until = '-infinity'
             where id = any($1 || $3) and (booking_id is not null or held_until > statement_timestamp())),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $4, $5, 'slots.closed', 'availability', doctor_id, jsonb_build_object('count', count(*)), $6
              from closed group by doctor_id)
        select count(*)::int from closed
        """;

    // The rows are locked in id order, as in every booking. The kinds of a slot are the text of an array.
    const string SetKinds = """
        with changed as materialized (
            select s.id, w.kinds::uuid[] as kinds
              from unnest($2::timestamptz[], $3::timestamptz[], $4::text[]) as w (starts_at, ends_at, kinds)
              join scheduling.slots s on s.doctor_id = $1 and s.starts_at = w.starts_at and s.ends_at = w.ends_at
             where s.from_rules and s.closed_at is null and s.visit_type_ids is distinct from w.kinds::uuid[]
             order by s.id for update of s)
        update scheduling.slots s set visit_type_ids = c.kinds from changed c where s.id = c.id
        """;

    // The notice belongs to the rules; a slot published by hand is bookable until it starts.
    const string Publish = """
        with opened as (
            update scheduling.slots s
               set closed_at = null, closed_because = null, visit_type_ids = null,
                   bookable_until = case when s.from_rules then a.bookable_until end
              from unnest($1::uuid[], $2::timestamptz[]) as a (id, bookable_until)
              join scheduling.slots was on was.id = a.id
             where s.id = a.id and (s.closed_at is null or s.closed_because is not null)
         returning s.doctor_id, was.closed_at is not null as was_closed),
        made as (
            insert into scheduling.slots (id, doctor_id, starts_at, ends_at, bookable_until, from_rules)
            select id, doctor_id, starts_at, ends_at, bookable_until, true
              from unnest($3::uuid[], $4::uuid[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[])
                as a (id, doctor_id, starts_at, ends_at, bookable_until)
         returning doctor_id),
        published as (select doctor_id from opened where was_closed union all select doctor_id from made),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $8, $9, 'slots.published', 'availability', doctor_id, jsonb_build_object('count', count(*)), $10
              from published group by doctor_id)
        select count(*)::int from published
        """;
}
