using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Scheduling.Bookings;
using Amrutam.Scheduling.Bookings.Steps;
using Amrutam.Scheduling.Schedule;
using Amrutam.Scheduling.Slots;
using Amrutam.Scheduling.TimeOff;
using Amrutam.Scheduling.Waitlist;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Privacy;

/// <summary>Removes a person whose account closes from the calendar. It cancels their future bookings, so that the
/// other side learns of it at once, and prevents new ones.</summary>
/// <param name="by">The person, or null for the job that erases the account: then the system is the actor.</param>
/// <remarks> A doctor's calendar gets time off for longer than the account exists; reopening the account withdraws it.
/// A patient's bookings are cancelled in spite of the doctor's window: no booking keeps an account open. Before the
/// data is erased this runs once more for bookings that came since. </remarks>
sealed class LeaveCalendar(NpgsqlConnection connection, Guid person, CurrentUser? by, BookingListeners listeners,
    OfferSlot offers)
{
    // The longest possible time off; the account is erased long before.
    static readonly Duration Away = Duration.FromDays(3 * 365);

    // More than anyone has. The run before the erasure finds the rest.
    const int MostBookings = 1000, MostEntries = 1000;
    const string Closed = "The account was closed", Erased = "The account was erased";

    /// <returns>The problem that keeps the person from leaving now, or null.</returns>
    public async Task<Problem?> Run()
    {
        if (await LeaveAsDoctor() is { } problem) return problem;
        await LeaveAsPatient();
        return null;
    }

    /// <summary>Opens a doctor's calendar again; cancelled bookings stay cancelled.</summary>
    public static async Task Return(NpgsqlConnection connection, Guid person)
    {
        var doctor = new CurrentUser(person, Allow.Doctor, Guid.Empty);
        await CalendarLocks.LockCalendars(connection, person);
        if (await connection.Statement(Withdraw).With(person).With(doctor.Trace).Execute() > 0)
            await ApplyPlan(connection, person, doctor);
    }

    CurrentUser? As(string role) => by is null ? null : new(person, role, Guid.Empty);

    string Role(string role) => by is null ? "system" : role;

    async Task<Problem?> LeaveAsDoctor()
    {
        await CalendarLocks.LockCalendars(connection, person);
        if (await DoctorCalendar.Of(connection, person) is not { } calendar) return null;
        var (id, away) = (Guid.CreateVersion7(), new Interval(calendar.Now, calendar.Now + Away));
        var cleared = await ClearBookings.Clear(connection, calendar, new(id, away), ClearBookings.Cancel,
            As(Allow.Doctor), listeners);
        if (cleared.Refusal is not null) return SchedulingProblems.BookingsInTheWay;
        await connection.Statement(TakeOff).With(id).With(person).With(away.Start).With(away.End)
            .With(CommonProblems.Trace()).With(by?.Id).With(Role(Allow.Doctor)).Execute();
        await ApplyPlan(connection, person, As(Allow.Doctor));
        await connection.Statement(EndEntries).With(person).With(CommonProblems.Trace()).With(by?.Id)
            .With(Role(Allow.Doctor)).Execute();
        return null;
    }

    static async Task ApplyPlan(NpgsqlConnection connection, Guid doctor, CurrentUser? by)
    {
        if (await DoctorCalendar.Of(connection, doctor) is { } calendar)
            await ApplySlotPlan.Apply(connection, [(calendar, calendar.Plan())], by);
    }

    async Task LeaveAsPatient()
    {
        var patient = new CurrentUser(person, Allow.Patient, Guid.Empty);
        foreach (var entry in await connection.Statement(LockEntries).With(person).With(MostEntries)
            .List(row => row.GetGuid(0)))
            await ChangeEntry.End(connection, entry, "left", "withdrawn", person, As(Allow.Patient), offers);
        foreach (var id in await connection.Statement(LockBookings).With(person).With(MostBookings)
            .List(row => row.GetGuid(0)))
        {
            var present = (await ChangeBooking.Lock(connection, id, patient))!;
            var (booking, now) = (present.Booking, present.Now);
            if (LifeCycle.Refusal(booking.Status, BookingAction.Cancel, booking.StartsAt, now) is null)
                await ApplyTransition.Apply(connection, booking, BookingAction.Cancel, As(Allow.Patient), listeners,
                    by is null ? Erased : Closed);
        }
    }

    const string TakeOff = """
        with taken as (
            insert into scheduling.time_off (id, doctor_id, starts_at, ends_at, leaving)
            select $1, $2, $3, $4, true
             where not exists (select from scheduling.time_off where doctor_id = $2 and leaving) returning *)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select $6, $7, 'time_off.taken', 'time_off', id,
               jsonb_build_object('doctor_id', doctor_id, 'starts_at', starts_at, 'ends_at', ends_at), $5
          from taken
        """;

    const string Withdraw = """
        with withdrawn as (delete from scheduling.time_off where doctor_id = $1 and leaving returning *)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select doctor_id, 'doctor', 'time_off.withdrawn', 'time_off', id,
               jsonb_build_object('doctor_id', doctor_id, 'starts_at', starts_at, 'ends_at', ends_at), $2
          from withdrawn
        """;

    // Entries for any doctor of a specialization stay.
    const string EndEntries = """
        with lapsed as (
            update scheduling.waitlist_entries set status = 'lapsed'
             where doctor_id = $1 and status = 'waiting' returning id, patient_id)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select $3, $4, 'waitlist.lapsed', 'waitlist_entry', id, jsonb_build_object('patient_id', patient_id), $2
          from lapsed
        """;

    const string LockEntries = """
        select id from scheduling.waitlist_entries
         where patient_id = $1 and status in ('waiting', 'offered') order by id limit $2 for update
        """;

    const string LockBookings = """
        select id from scheduling.bookings
         where patient_id = any(array(select h.patient_id from patients.held_alone_by($1) h))
           and starts_at > statement_timestamp()
           and status in ('requested', 'confirmed', 'checked_in')
         order by id limit $2 for update
        """;
}
