using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Scheduling.Bookings;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Queue;

/// <summary>Gives a patient who came a token of the doctor's day, in the transaction of the arrival.</summary>
/// <remarks>The day's row is the last lock of a transaction. A patient who is checked in again keeps the
/// token.</remarks>
static class GiveToken
{
    /// <summary>For a booking that was checked in, on the day of its visit.</summary>
    /// <param name="by">Null for the system.</param>
    public static async Task OnCheckIn(NpgsqlConnection connection, Booking booking, CurrentUser? by)
    {
        if (await DoctorsDay.Of(connection, booking.DoctorId, at: booking.StartsAt) is { } day)
            await connection.Statement(ForBooking).With(Guid.CreateVersion7()).With(booking.Id).With(by?.Id)
                .With(by?.Role ?? "system").With(CommonProblems.Trace()).With(day.Date).Execute();
    }

    /// <summary>For a patient without a booking, today; with the slot that was found for them, if there is
    /// one.</summary>
    /// <returns>The entry; null if the doctor sees no more such patients on this day.</returns>
    public static async Task<QueueEntry?> ToWalkIn(NpgsqlConnection connection, Guid patient, Guid doctor,
        LocalDate day, Guid? booking, CurrentUser by)
    {
        var token = await connection.Statement(TakeToken).With(doctor).With(day).Value<int>();
        return await connection.Statement(ForWalkIn).With(Guid.CreateVersion7()).With(doctor).With(day).With(token)
            .With(patient).With(booking).With(by.Id).With(by.Role).With(by.Trace).One(QueueEntry.Read);
    }

    const string ForBooking = """
        with e as (
            insert into scheduling.queue_entries (id, doctor_id, day, token, patient_id, booking_id, walked_in)
            select $1, b.doctor_id, $6, scheduling.take_token(b.doctor_id, $6), b.patient_id, b.id, false
              from scheduling.bookings b
             where b.id = $2 and not exists (
                   select from scheduling.queue_entries o
                    where o.booking_id = b.id and o.doctor_id = b.doctor_id and o.day = $6)
            on conflict (booking_id) do update
               set doctor_id = excluded.doctor_id, day = excluded.day, token = excluded.token, arrived_at = now(),
                   called_at = null
         returning id, doctor_id, booking_id, token)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select $3, $4, 'queue.joined', 'queue_entry', id,
               jsonb_build_object('doctor_id', doctor_id, 'booking_id', booking_id, 'token', token), $5 from e
        """;

    const string TakeToken = "select scheduling.take_token($1, $2)";

    // A statement after the lock of the day, so that it counts every walk-in before this one.
    const string ForWalkIn = """
        with e as (
            insert into scheduling.queue_entries (id, doctor_id, day, token, patient_id, booking_id, walked_in)
            select $1, $2, $3, $4, $5, $6, true where scheduling.walk_ins_left($2, $3) > 0
         returning *),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $7, $8, 'queue.walked_in', 'queue_entry', id, jsonb_strip_nulls(jsonb_build_object(
                   'doctor_id', doctor_id, 'booking_id', booking_id, 'token', token, 'acted_for', patient_id)), $9
              from e)
        select
        """ + " " + QueueEntry.Columns + " from e left join scheduling.bookings b on b.id = e.booking_id";
}
