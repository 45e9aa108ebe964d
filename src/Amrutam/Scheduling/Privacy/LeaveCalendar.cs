using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Scheduling.Bookings.Steps;
using Amrutam.Scheduling.Generation;
using Amrutam.Scheduling.Schedule;
using Amrutam.Scheduling.TimeOff;
using Amrutam.Scheduling.Waitlist;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Privacy;

/// <summary>Takes somebody who closes their account out of the calendar: what lies ahead of them is cancelled, so that
/// the other side hears of it at once, and nothing more can be booked with them.</summary>
/// <remarks>
/// A doctor takes time off without an end in sight, by the same steps as any other time off; coming back withdraws it.
/// A patient's bookings are cancelled whatever the doctor's window says: nobody is held in an account by a visit. Run
/// again before the data is erased, it finds what was not yet there, and else does nothing.
/// </remarks>
static class LeaveCalendar
{
    // The longest that time off may last; the account is erased long before.
    static readonly Duration Away = Duration.FromDays(3 * 365);

    // More than anyone keeps; the rest would be found before the data is erased.
    const int MostBookings = 1000, MostEntries = 1000;
    const string Because = "The account was closed";

    /// <returns>Why they cannot leave now, or null.</returns>
    public static async Task<Problem?> Run(NpgsqlConnection connection, Guid person, SchedulingSettings settings)
    {
        if (await LeaveAsDoctor(connection, new(person, Allow.Doctor, Guid.Empty)) is { } refusal) return refusal;
        await LeaveAsPatient(connection, new(person, Allow.Patient, Guid.Empty), settings);
        return null;
    }

    /// <summary>Opens a doctor's calendar again; what was cancelled stays cancelled.</summary>
    public static async Task Return(NpgsqlConnection connection, Guid person)
    {
        var doctor = new CurrentUser(person, Allow.Doctor, Guid.Empty);
        await DoctorCalendar.Lock(connection, person);
        if (await connection.Statement(Withdraw).With(person).With(doctor.Trace).Execute() > 0)
            await KeepToThePlan(connection, doctor);
    }

    static async Task<Problem?> LeaveAsDoctor(NpgsqlConnection connection, CurrentUser doctor)
    {
        await DoctorCalendar.Lock(connection, doctor.Id);
        if (await DoctorCalendar.Of(connection, doctor.Id) is not { } calendar) return null;
        var (id, away) = (Guid.CreateVersion7(), new Interval(calendar.Now, calendar.Now + Away));
        var cleared = await ClearBookings.Clear(connection, calendar, away, ClearBookings.Cancel, id, doctor);
        if (cleared.Refusal is not null) return SchedulingProblems.BookingsInTheWay;
        await connection.Statement(TakeOff).With(id).With(doctor.Id).With(away.Start).With(away.End).With(doctor.Trace)
            .Execute();
        await KeepToThePlan(connection, doctor);
        await connection.Statement(LetWaitersGo).With(doctor.Id).With(doctor.Trace).Execute();
        return null;
    }

    static async Task KeepToThePlan(NpgsqlConnection connection, CurrentUser doctor)
    {
        if (await DoctorCalendar.Of(connection, doctor.Id) is { } calendar)
            await ApplySlotPlan.Apply(connection, [(calendar, calendar.Plan())], doctor);
    }

    static async Task LeaveAsPatient(NpgsqlConnection connection, CurrentUser patient, SchedulingSettings settings)
    {
        foreach (var entry in await connection.Statement(LockEntries).With(patient.Id).With(MostEntries)
            .List(row => row.GetGuid(0)))
            await ChangeEntry.End(connection, entry, "left", "withdrawn", patient, settings);
        foreach (var id in await connection.Statement(LockBookings).With(patient.Id).With(MostBookings)
            .List(row => row.GetGuid(0)))
        {
            var present = (await ChangeBooking.Lock(connection, id, patient))!;
            var (booking, now) = (present.Booking, present.Now);
            if (LifeCycle.Refusal(booking.Status, BookingAction.Cancel, booking.StartsAt, now) is null)
                await ApplyTransition.Apply(connection, booking, BookingAction.Cancel, patient, settings, Because);
        }
    }

    const string TakeOff = """
        with taken as (
            insert into scheduling.time_off (id, doctor_id, starts_at, ends_at, leaving)
            select $1, $2, $3, $4, true
             where not exists (select from scheduling.time_off where doctor_id = $2 and leaving) returning *)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select doctor_id, 'doctor', 'time_off.taken', 'time_off', id,
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

    // Who waits for any doctor of a specialization goes on waiting.
    const string LetWaitersGo = """
        with lapsed as (
            update scheduling.waitlist_entries set status = 'lapsed'
             where doctor_id = $1 and status = 'waiting' returning id, patient_id)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select $1, 'doctor', 'waitlist.lapsed', 'waitlist_entry', id, jsonb_build_object('patient_id', patient_id), $2
          from lapsed
        """;

    const string LockEntries = """
        select id from scheduling.waitlist_entries
         where patient_id = $1 and status in ('waiting', 'offered') order by id limit $2 for update
        """;

    const string LockBookings = """
        select id from scheduling.bookings
         where patient_id = $1 and starts_at > statement_timestamp()
           and status in ('requested', 'confirmed', 'checked_in')
         order by id limit $2 for update
        """;
}
