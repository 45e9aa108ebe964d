using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Steps;

/// <summary>Records the expiry of requests that their doctors did not answer in time.</summary>
/// <remarks>
/// By the database's clock a request expires without this, and no reader waits for it. An expired request still
/// occupies its slot in the unique index, so a request for the slot records the expiry first. Rows that another
/// transaction has locked are skipped; slots are locked in id order, as everywhere.
/// </remarks>
static class ExpireRequests
{
    // The most in one transaction; the next one does the rest.
    const int AtOnce = 100;

    /// <returns>The slots that this freed.</returns>
    public static Task<List<Guid>> All(NpgsqlConnection connection) =>
        connection.Statement(Expire).With((Guid[]?)null).With((Guid?)null).With(AtOnce).With(CommonProblems.Trace())
            .List(row => row.GetGuid(0));

    /// <summary>Those that occupy one of the slots, or are the patient's own.</summary>
    /// <returns>The slots that this freed.</returns>
    public static Task<List<Guid>> InTheWay(NpgsqlConnection connection, Guid[] slots, Guid patient) =>
        connection.Statement(Expire).With(slots).With(patient).With(AtOnce).With(CommonProblems.Trace())
            .List(row => row.GetGuid(0));

    const string Expire = """
        with due as materialized (
            select b.id, b.slot_id, b.revision from scheduling.bookings b
             where scheduling.has_expired(b.status, b.expires_at)
               and ($1::uuid[] is null or b.patient_id = $2
                   or b.id in (select s.booking_id from scheduling.slots s where s.id = any($1)))
             order by b.expires_at for update skip locked limit $3),
        locked as materialized (
            select id from scheduling.slots where id in (select slot_id from due) order by id for update),
        expired as (
            update scheduling.bookings b set status = 'expired', revision = b.revision + 1, updated_at = now()
              from due join locked on locked.id = due.slot_id where b.id = due.id
         returning b.*),
        freed as (
            update scheduling.slots s set booking_id = null, held_by = null, held_until = null
              from expired b where s.id = b.slot_id and s.booking_id = b.id),
        kept as (
            insert into scheduling.booking_steps (booking_id, revision, action, from_status, to_status)
            select id, revision, 'expired', 'requested', status from expired),
        logged as (
            insert into audit.events (actor_role, action, entity, entity_id, details, trace_id)
            select 'system', 'bookings.expired', 'booking', id, jsonb_build_object('doctor_id', doctor_id,
                   'slot_id', slot_id, 'starts_at', starts_at), $4 from expired)
        select slot_id from expired
        """;
}
