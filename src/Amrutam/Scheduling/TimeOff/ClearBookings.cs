using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Scheduling.Bookings;
using Amrutam.Scheduling.Bookings.Steps;
using Amrutam.Scheduling.Generation;
using Amrutam.Scheduling.Schedule;
using Amrutam.Scheduling.Slots;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.TimeOff;

/// <summary>Cancels or moves a doctor's bookings within time off: all of them, or none.</summary>
/// <remarks>It locks as every change of a booking does: bookings, then slots in id order, then patients. So it sees a
/// booking that is being made for a slot of that time, or that booking finds its slot closed. Bookings that cannot be
/// cleared are listed in a 409, the first ones if there are many.</remarks>
static class ClearBookings
{
    public const string Refuse = "refuse", Cancel = "cancel", Move = "move";

    // More than any doctor moves at once; patients are offered the nearest.
    const int MostCandidates = 1000;
    const int OfferedToEach = 3;

    // A refusal is stored under its key, so its size has a limit. A doctor has a tenth as many visits a day.
    const int MostShown = 100;

    /// <param name="Cancelled">The cancelled bookings, as they were before.</param>
    /// <param name="Refusal">The response when nothing was changed, or null.</param>
    public sealed record Outcome(IReadOnlyList<ConflictingBooking> Cancelled, IReadOnlyList<MovedBooking> Moved,
        ProblemHttpResult? Refusal = null);

    /// <param name="Reason">The doctor's reason for the patients, or null.</param>
    public sealed record Leave(Guid Id, Interval Away, string? Reason = null);

    sealed record InTheWay(Guid Id, Guid Slot, Guid Patient, string Status, Interval Time);

    public static async Task<Outcome> Clear(NpgsqlConnection connection, DoctorCalendar calendar, Leave leave,
        string how, CurrentUser? by, BookingListeners listeners)
    {
        var away = leave.Away;
        var inside = calendar.Slots.Where(s => NearestSlots.Overlap(s.Time, away)).Select(s => s.Id).ToArray();
        await ExpireRequests.InTheWay(connection, inside, calendar.Doctor);
        await connection.Statement(LockBookings)
            .With(calendar.Doctor).With(away.Start).With(away.End).Execute();
        var candidates = Candidates(calendar, away, how == Move);
        await connection.Statement(CalendarLocks.Slots)
            .With(inside.Concat(candidates.Select(s => s.Id)).Distinct().ToArray()).Execute();
        var inTheWay = await connection.Statement(SelectInTheWay)
            .With(calendar.Doctor).With(away.Start).With(away.End).List(Read);
        if (inTheWay.Count == 0) return new([], []);
        if (how == Refuse) return Refused(SchedulingProblems.BookingsInTheWay, inTheWay);
        var action = how == Move ? BookingAction.Move : BookingAction.Cancel;
        if (inTheWay.FindAll(b => LifeCycle.After(b.Status, action, "") is null) is { Count: > 0 } stuck)
            return Refused(SchedulingProblems.BookingsInTheWay, stuck);
        var free = (await connection.Statement(StillOpen)
            .With(candidates.Select(s => s.Id).ToArray()).List(row => row.GetGuid(0))).ToHashSet();
        var open = candidates.Where(s => free.Contains(s.Id)).ToList();
        var outcome = how == Move
            ? await MoveAll(connection, inTheWay, open, leave, by)
            : await CancelAll(connection, inTheWay, open, leave, by);
        if (outcome.Refusal is null)
            await listeners.BookingsChanged(connection, inTheWay.ConvertAll(b => b.Id).ToArray(), by);
        return outcome;
    }

    /// <summary>Open slots outside all time off, the nearest first; to move a booking only those after the time
    /// off.</summary>
    static List<MadeSlot> Candidates(DoctorCalendar calendar, Interval away, bool onlyLater)
    {
        var off = new Sweep(calendar.Away.Append(away));
        return [.. calendar.Slots.Where(s => s.State == SlotState.Open && s.Time.Start > calendar.Now
                && (!onlyLater || s.Time.Start >= away.End))
            .OrderBy(s => s.Time.End).Where(s => !off.Meets(s.Time))
            .OrderBy(s => Duration.Max(away.Start - s.Time.End, s.Time.Start - away.End)).Take(MostCandidates)];
    }

    static async Task<Outcome> CancelAll(NpgsqlConnection connection, List<InTheWay> bookings, List<MadeSlot> open,
        Leave leave, CurrentUser? by)
    {
        var offers = bookings.Select(b => NearestSlots.To(b.Time, open).Take(OfferedToEach).Select(s => s.Id));
        await connection.Statement(CancelThem).With(bookings.ConvertAll(b => b.Id).ToArray())
            .With(offers.Select(ids => JsonSerializer.Serialize(ids)).ToArray()).With(leave.Id).With(by?.Id)
            .With(CommonProblems.Trace()).With(by?.Role ?? "system").With(leave.Reason).Execute();
        return new(Shown(bookings), []);
    }

    static async Task<Outcome> MoveAll(NpgsqlConnection connection, List<InTheWay> bookings, List<MadeSlot> open,
        Leave leave, CurrentUser? by)
    {
        await connection.Statement(CalendarLocks.Patients)
            .With(bookings.Select(b => PatientLock.Of(b.Patient)).Distinct().Order().ToArray()).Execute();
        var busy = (await connection.Statement(OtherBookings)
            .With(bookings.ConvertAll(b => b.Patient).ToArray()).With(bookings.ConvertAll(b => b.Id).ToArray())
            .List(row => (Patient: row.GetGuid(0), Time: new Interval(row.GetInstant(1), row.GetInstant(2)))))
            .ToLookup(b => b.Patient, b => b.Time);
        var slots = NearestSlots.Assign(bookings.Select(b => (b.Patient, b.Time)), open, busy);
        if (slots.Contains(null))
            return Refused(SchedulingProblems.NoEqualSlotIsOpen, [.. bookings.Where((_, i) => slots[i] is null)]);
        await connection.Statement(MoveThem).With(bookings.ConvertAll(b => b.Id).ToArray())
            .With(slots.ConvertAll(s => s!.Value.Id).ToArray()).With(leave.Id).With(by?.Id)
            .With(CommonProblems.Trace()).With(by?.Role ?? "system").With(leave.Reason).Execute();
        return new([], [.. bookings.Zip(slots, (b, to) => MovedBooking.Of(Shown(b), to!.Value))]);
    }

    static Outcome Refused(Problem rule, List<InTheWay> bookings) => new([], [], rule.Because(
        bookings.Count > MostShown ? $"The first {MostShown} of {bookings.Count} bookings are listed." : null,
        new Dictionary<string, object?>(StringComparer.Ordinal)
        { ["bookings"] = Shown([.. bookings.Take(MostShown)]) }));

    static List<ConflictingBooking> Shown(List<InTheWay> bookings) => bookings.ConvertAll(Shown);

    static ConflictingBooking Shown(InTheWay booking) =>
        new(booking.Id, booking.Slot, booking.Time.Start, booking.Time.End);

    static InTheWay Read(NpgsqlDataReader row) => new(row.GetGuid(1), row.GetGuid(2), row.GetGuid(3), row.GetString(4),
        new(row.GetInstant(0), row.GetInstant(5)));

    const string LockBookings = """
        select id from scheduling.bookings
         where id in (
            select b.id from scheduling.bookings b
             where b.doctor_id = $1 and scheduling.is_active(b.status) and b.ends_at > $2 and b.starts_at < $3
               and b.starts_at > greatest($2 - interval '12 hours', statement_timestamp())
            union all
            select s.booking_id from scheduling.slots s
             where s.doctor_id = $1 and s.booking_id is not null and s.ends_at > $2 and s.starts_at < $3
               and s.starts_at > greatest($2 - interval '12 hours', statement_timestamp()))
         order by id for update
        """;

    // By the slot, which is locked. A booking that has begun stays.
    const string SelectInTheWay = """
        select distinct b.starts_at, b.id, b.slot_id, b.patient_id, b.status, b.ends_at
          from scheduling.slots s join scheduling.bookings b on b.id = s.booking_id
         where s.doctor_id = $1 and s.ends_at > $2 and s.starts_at < $3
           and s.starts_at > greatest($2 - interval '12 hours', statement_timestamp())
           and b.starts_at > statement_timestamp()
         order by b.starts_at, b.id
        """;

    const string StillOpen = "select id from scheduling.open_slots where id = any($1)";

    const string OtherBookings = """
        select patient_id, starts_at, ends_at from scheduling.bookings
         where patient_id = any($1) and scheduling.is_active(status) and id <> all($2)
           and starts_at > statement_timestamp() - interval '12 hours'
        """;

    const string CancelThem = """
        with old as materialized (select id, status from scheduling.bookings where id = any($1)),
        cancelled as (
            update scheduling.bookings b
               set status = 'cancelled', cancelled_by = $6, cancellation_reason = $7, revision = revision + 1,
                   updated_at = now(),
                   cancelled_minutes_ahead =
                       floor(extract(epoch from b.starts_at - statement_timestamp()) / 60)::int
              from old where b.id = old.id
         returning b.*, old.status as from_status),
        freed as (
            update scheduling.slots s set booking_id = null, held_by = null, held_until = null
              from cancelled b where s.id = b.slot_id),
        kept as (
            insert into scheduling.booking_steps
                   (booking_id, revision, action, from_status, to_status, actor_id, actor_role, reason)
            select id, revision, 'cancelled', from_status, status, $4, $6, $7 from cancelled)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select $4, $6, 'bookings.cancelled', 'booking', b.id, jsonb_build_object(
               'doctor_id', b.doctor_id, 'slot_id', b.slot_id, 'starts_at', b.starts_at, 'from', b.from_status,
               'to', b.status, 'minutes_ahead', b.cancelled_minutes_ahead, 'time_off_id', $3::uuid,
               'nearest_slot_ids', o.slots::jsonb), $5
          from cancelled b join unnest($1, $2::text[]) as o (id, slots) on o.id = b.id
        """;

    const string MoveThem = """
        with old as materialized (
            select b.id, b.slot_id as from_slot_id, b.starts_at as from_starts_at, b.status as from_status, a.slot_id
              from unnest($1::uuid[], $2::uuid[]) as a (id, slot_id) join scheduling.bookings b on b.id = a.id),
        moved as (
            update scheduling.bookings b
               set slot_id = s.id, starts_at = s.starts_at, ends_at = s.ends_at, more_slots = null,
                   status = 'confirmed', revision = revision + 1, updated_at = now()
              from old join scheduling.slots s on s.id = old.slot_id where b.id = old.id
         returning b.*, old.from_slot_id, old.from_starts_at, old.from_status),
        marked as (
            update scheduling.slots s set booking_id = b.id, held_by = null, held_until = null
              from moved b where s.id = b.slot_id),
        freed as (
            update scheduling.slots s set booking_id = null, held_by = null, held_until = null
              from moved b where s.id = b.from_slot_id),
        kept as (
            insert into scheduling.booking_steps (booking_id, revision, action, from_status, to_status, actor_id,
                   actor_role, reason, from_slot_id, from_starts_at)
            select id, revision, 'moved', from_status, status, $4, $6, $7, from_slot_id, from_starts_at from moved)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select $4, $6, 'bookings.moved', 'booking', id, jsonb_build_object(
               'doctor_id', doctor_id, 'slot_id', slot_id, 'from_slot_id', from_slot_id, 'starts_at', starts_at,
               'from_starts_at', from_starts_at, 'time_off_id', $3::uuid), $5
          from moved
        """;
}
