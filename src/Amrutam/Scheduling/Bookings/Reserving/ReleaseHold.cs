using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>Releases a slot that the signed-in patient holds. It is open again at once, or offered to the first in
/// line.</summary>
static class ReleaseHold
{
    public static void Map(RouteGroupBuilder slots) =>
        slots.MapDelete("/{id:guid}/hold", Handle).RequireAuthorization(Allow.Patient).WithSummary("Release a hold")
            .WithDescription("The slot is open to all again.")
            .WithProblems(CommonProblems.Absent);

    static Task<StoredResponse<NoContent>> Handle(Guid id, CurrentUser patient, IdempotencyKey key,
        IdempotentTransaction transaction, BookingListeners listeners) =>
        transaction.Run(patient, key, new { }, async connection =>
        {
            if (!await connection.Statement(Release).With(id).With(patient.Id).With(patient.Trace).Value<bool>())
                return CommonProblems.NotFound();
            await listeners.SlotFreed(connection, id, patient.Id);
            return StoredResponse.NoContent;
        });

    const string Release = """
        with released as (
            update scheduling.slots s set held_by = null, held_until = null
             where s.id = $1 and s.held_by = $2 and s.held_until > statement_timestamp()
         returning s.id, s.doctor_id),
        ended as (
            update scheduling.recent_holds h set ended_at = statement_timestamp()
              from released r where h.patient_id = $2 and h.slot_id = r.id),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $2, 'patient', 'slots.released', 'slot', id, jsonb_build_object('doctor_id', doctor_id), $3
              from released)
        select true from released
        """;
}
