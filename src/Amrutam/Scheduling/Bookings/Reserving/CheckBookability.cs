using Amrutam.Platform.Data;
using Amrutam.Scheduling.Bookings.Steps;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>Whether a patient may have these slots: for holds, moves, series and offers, which run in transactions of
/// their own.</summary>
/// <remarks>
/// The same rules in the same order as <see cref="BookingBatch"/>, which judges many patients at once. The slots are
/// locked in id order, then the patient; the judgement is a later statement, so what it sees is younger than the locks.
/// </remarks>
static class CheckBookability
{
    /// <param name="except">A booking of the patient's that is about to leave its time, or null.</param>
    /// <returns>For each slot the code of the rule that refuses it, or null.</returns>
    public static async Task<List<string?>> Check(NpgsqlConnection connection, Guid[] slots, Guid patient,
        SchedulingSettings settings, Guid? except = null)
    {
        await Lock(connection, slots, patient);
        return await connection.Statement(Refusals).With(slots).With(patient).With(settings.VerifiedDoctorsOnly)
            .With(except).List(row => row.GetStringOrNull(0));
    }

    public static async Task Lock(NpgsqlConnection connection, Guid[] slots, Guid patient)
    {
        await ExpireRequests.InTheWay(connection, slots, patient);
        await connection.Statement(LockSlots).With(slots).Execute();
        await connection.Statement(LockPatients).With(new[] { PatientLock.Of(patient) }).Execute();
    }

    /// <summary>Locks slots in the order of their ids, which keeps changes of the calendar from deadlock.</summary>
    public const string LockSlots = "select id from scheduling.slots where id = any($1) order by id for update";

    /// <summary>Locks patients in the order in which they are given: that of their numbers.</summary>
    public const string LockPatients = "select pg_advisory_xact_lock(patient) from unnest($1::bigint[]) as patient";

    const string Refusals = """
        select case when d.id is null or ($3 and not d.verified) then 'not_found'
                    when s.closed_at is not null or s.bookable_until = '-infinity' then 'slot_is_closed'
                    when s.starts_at <= statement_timestamp() then 'slot_has_started'
                    when s.booking_id is not null then 'one_active_booking_per_slot'
                    when s.held_until > statement_timestamp() and s.held_by <> $2 then 'slot_is_held'
                    when exists (
                        select from scheduling.bookings o
                         where o.patient_id = $2 and o.status not in ('cancelled', 'declined', 'expired')
                           and o.id is distinct from $4 and o.starts_at < s.ends_at and o.ends_at > s.starts_at
                           and o.starts_at > s.starts_at - interval '12 hours')
                    then 'bookings_of_a_patient_do_not_overlap'
                    when s.bookable_until <= statement_timestamp() then 'minimum_notice' end
          from unnest($1::uuid[]) with ordinality as a (slot_id, n)
          left join scheduling.slots s on s.id = a.slot_id
          left join doctors.practitioners d on d.id = s.doctor_id
         order by a.n
        """;
}
