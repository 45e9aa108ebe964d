using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Privacy;
using Amrutam.Scheduling.Bookings;
using Amrutam.Scheduling.Waitlist;
using Npgsql;

namespace Amrutam.Scheduling.Privacy;

/// <summary>A person's data in the calendar, as patient and as doctor. The export has all of it. Leaving cancels future
/// bookings; erasing deletes free text and a doctor's rules.</summary>
/// <remarks>The booking itself stays under an untraceable id, because it is also the other person's record.</remarks>
sealed class CalendarPersonalData(BookingListeners listeners, OfferSlot offers) : IPersonalData
{
    public IEnumerable<PersonalRows> Export(NpgsqlConnection connection, Guid person)
    {
        yield return new("bookings", connection.Statement(Bookings).With(person));
        yield return new("booking_history", connection.Statement(History).With(person));
        yield return new("moved_bookings", connection.Statement(Moved).With(person));
        yield return new("waitlist", connection.Statement(Waitlist).With(person));
        yield return new("holds", connection.Statement(Holds).With(person));
        yield return new("recent_holds", connection.Statement(RecentHolds).With(person));
        yield return new("queue", connection.Statement(Queue).With(person));
        yield return new("availability", connection.Statement(Availability).With(person));
        yield return new("booking_policy", connection.Statement(Policy).With(person));
        yield return new("time_off", connection.Statement(TimeOff).With(person));
        yield return new("offered_visit_types", connection.Statement(VisitTypes).With(person));
        yield return new("slots", connection.Statement(Slots).With(person));
    }

    public Task<Problem?> Leave(NpgsqlConnection connection, Guid person, CurrentUser? by) =>
        new LeaveCalendar(connection, person, by, listeners, offers).Run();

    public Task Return(NpgsqlConnection connection, Guid person) => LeaveCalendar.Return(connection, person);

    public async Task Erase(NpgsqlConnection connection, Guid person)
    {
        await connection.Statement(EraseReasons).With(person).Execute();
        await connection.Statement(EraseHolds).With(person).Execute();
        await connection.Statement(EraseWords).With(person).Execute();
        await connection.Statement(EraseAnswers).With(person).Execute();
        await connection.Statement(EraseRules).With(person).Execute();
    }

    // The person's own record and the dependants.
    const string Patients = "any(array(select h.patient_id from patients.held_by($1) h))";

    // Those of them who leave with the account.
    const string Leaving = "any(array(select h.patient_id from patients.held_alone_by($1) h))";

    const string Bookings = $"""
        select (to_jsonb(b) - 'revision')::text
          from scheduling.bookings b where patient_id = {Patients} or doctor_id = $1 order by starts_at
        """;

    const string History = $"""
        select (to_jsonb(s) - 'actor_id')::text
          from scheduling.bookings b join scheduling.booking_steps s on s.booking_id = b.id
         where b.patient_id = {Patients} or b.doctor_id = $1 order by s.at
        """;

    // The former doctor's record of a visit; without the patient, whose own data it is.
    const string Moved = $"""
        select (to_jsonb(m) - 'patient_id')::text
          from scheduling.moved_bookings m where patient_id = {Patients} or doctor_id = $1 order by moved_at
        """;

    const string Waitlist = """
        select (to_jsonb(e) - 'looked_at' || jsonb_build_object('offers', coalesce((
                 select jsonb_agg(to_jsonb(o) - 'entry_id' order by o.offered_at)
                   from scheduling.waitlist_offers o where o.entry_id = e.id), '[]')))::text
          from scheduling.waitlist_entries e where patient_id = $1 order by created_at
        """;

    const string Holds = """
        select jsonb_build_object('slot_id', id, 'doctor_id', doctor_id, 'starts_at', starts_at, 'ends_at', ends_at,
               'held_until', held_until)::text
          from scheduling.slots where held_by = $1 order by starts_at
        """;

    const string RecentHolds = """
        select (to_jsonb(h) - 'patient_id')::text from scheduling.recent_holds h where patient_id = $1 order by ended_at
        """;

    // The tokens of a doctor's day, without the patients, whose own data they are.
    const string Queue = """
        select (to_jsonb(e) - case when e.patient_id <> $1 then 'patient_id' else '' end)::text
          from scheduling.queue_entries e where e.patient_id = $1 or e.doctor_id = $1 order by e.arrived_at
        """;

    const string Availability =
        "select (to_jsonb(a) - 'due_at' - 'made_in_zone')::text from scheduling.availability a where doctor_id = $1";

    const string Policy = "select to_jsonb(p)::text from scheduling.booking_policies p where doctor_id = $1";

    const string TimeOff =
        "select to_jsonb(t)::text from scheduling.time_off t where doctor_id = $1 order by starts_at";

    const string VisitTypes = """
        select to_jsonb(o)::text from scheduling.doctor_visit_types o where doctor_id = $1 order by position
        """;

    // The patient of a slot is in the booking, and is not the doctor's data.
    const string Slots = """
        select (to_jsonb(s) - 'held_by' - 'held_until')::text
          from scheduling.slots s where doctor_id = $1 order by starts_at
        """;

    // The text that a patient wrote, the text about the patient, and a doctor's own text.
    const string EraseReasons = $"""
        update scheduling.bookings
           set reason = case when doctor_id = $1 then reason end, cancellation_reason = null, updated_at = now()
         where (patient_id = {Leaving} and (reason is not null or cancellation_reason is not null))
            or (doctor_id = $1 and cancelled_by = 'doctor' and cancellation_reason is not null)
        """;

    const string EraseHolds = "delete from scheduling.recent_holds where patient_id = $1";

    const string EraseWords = $"""
        update scheduling.booking_steps s set reason = null
          from scheduling.bookings b
         where s.booking_id = b.id and s.reason is not null
           and (b.patient_id = {Leaving} or (b.doctor_id = $1 and s.actor_id = $1))
        """;

    // Responses stored under a doctor's keys contain the patient's text too.
    const string EraseAnswers = $"""
        delete from platform.idempotency_keys k
         using (select distinct doctor_id, patient_id from scheduling.bookings where patient_id = {Leaving}) v
         where k.user_id = v.doctor_id and strpos(k.body, v.patient_id::text) > 0
        """;

    const string EraseRules = """
        with a as (delete from scheduling.availability where doctor_id = $1),
        p as (delete from scheduling.booking_policies where doctor_id = $1),
        o as (delete from scheduling.doctor_visit_types where doctor_id = $1)
        delete from scheduling.time_off where doctor_id = $1
        """;
}
