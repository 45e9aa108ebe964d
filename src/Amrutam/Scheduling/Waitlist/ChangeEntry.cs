using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Npgsql;

namespace Amrutam.Scheduling.Waitlist;

/// <summary>The common part of every change of a place in line: access, locks and the end of its offer.</summary>
/// <remarks>The entry is locked first, then its booking, the slots and the patient. Another patient's entry is a
/// 404.</remarks>
static class ChangeEntry
{
    /// <summary>The entry, locked, as it is after the lock; null when it is not the patient's.</summary>
    public static async Task<WaitlistEntry?> Lock(NpgsqlConnection connection, Guid id, CurrentUser patient) =>
        await connection.Statement(LockRow).With(id).With(patient.Id).Value<bool>()
            ? await Read(connection, id) : null;

    public static Task<WaitlistEntry?> Read(NpgsqlConnection connection, Guid id) =>
        connection.Statement(Select).With(id).One(WaitlistEntry.Read);

    /// <summary>Ends the open offer, if there is one, and puts the entry into its next state. A slot that is still held
    /// for it is offered to the next in line.</summary>
    /// <param name="by">Null for the system.</param>
    public static async Task End(NpgsqlConnection connection, Guid id, string status, string outcome,
        Guid patient, CurrentUser? by, OfferSlot offers)
    {
        var freed = await connection.Statement(EndOffer).With(id).With(status).With(outcome).With(patient)
            .With(CommonProblems.Trace()).With(by?.Id).With(by?.Role ?? "system").List(row => row.GetGuid(0));
        foreach (var slot in freed) await offers.ToFirstInLine(connection, slot, patient);
    }

    const string LockRow = "select true from scheduling.waitlist_entries where id = $1 and patient_id = $2 for update";

    const string Select = "select " + WaitlistEntry.Columns + " from " + WaitlistEntry.Tables + " where e.id = $1";

    const string EndOffer = """
        with entry as (
            update scheduling.waitlist_entries set status = $2 where id = $1 returning id),
        ended as (
            update scheduling.waitlist_offers set outcome = $3, ended_at = now()
             where entry_id = $1 and outcome is null returning slot_id),
        released as (
            update scheduling.slots s set held_by = null, held_until = null
              from ended where s.id = ended.slot_id and s.held_by = $4 and s.booking_id is null
         returning s.id),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $6, $7, 'waitlist.' || case $3 when 'withdrawn' then 'left' else $3 end, 'waitlist_entry', id,
                   jsonb_strip_nulls(jsonb_build_object('patient_id', $4, 'slot_id', (select slot_id from ended))), $5
              from entry)
        select id from released
        """;
}
