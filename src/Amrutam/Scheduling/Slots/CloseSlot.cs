using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Scheduling.Slots;

/// <summary>Closes one of the signed-in doctor's open slots.</summary>
/// <remarks>A booked slot is not closed: its booking is cancelled first, so that the patient receives a reason. A held
/// one is not closed while its patient decides.</remarks>
static class CloseSlot
{
    public static void Map(RouteGroupBuilder slots) =>
        slots.MapDelete("/{id:guid}", Handle).RequireAuthorization(Allow.Doctor).WithSummary("Close an open slot")
            .WithDescription("A booked slot is refused; cancel its booking first. A held slot is refused too.")
            .WithProblems(
                SchedulingProblems.SlotIsBooked, SchedulingProblems.SlotIsHeld, CommonProblems.Absent);

    static Task<StoredResponse<NoContent>> Handle(Guid id, CurrentUser doctor, IdempotencyKey key,
        IdempotentTransaction transaction) =>
        transaction.Run(doctor, key, new { }, async connection =>
            await connection.Statement(Close).With(id).With(doctor.Id).With(doctor.Trace).Value<string>() switch
            {
                "closed" => StoredResponse.NoContent,
                "booked" => SchedulingProblems.SlotIsBooked.Because(),
                "held" => SchedulingProblems.SlotIsHeld.Because(),
                _ => CommonProblems.NotFound(),
            });

    const string Close = """
        with slot as (
            select id, case when booking_id is not null then 'booked'
                            when held_until > statement_timestamp() then 'held' end as taken
              from scheduling.slots
             where id = $1 and doctor_id = $2 and closed_at is null for update),
        closed as (
            update scheduling.slots s set closed_at = now(), held_by = null, held_until = null
              from slot where s.id = slot.id and slot.taken is null
         returning s.id, s.doctor_id),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select doctor_id, 'doctor', 'slots.closed', 'slot', id, '{"count": 1}', $3 from closed)
        select coalesce(taken, 'closed') from slot
        """;
}
