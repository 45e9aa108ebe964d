using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Scheduling.Schedule;
using Amrutam.Scheduling.Slots;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Scheduling.TimeOff;

/// <summary>Withdraws time off: the slots that it closed are open again at once, unless another reason keeps them
/// closed.</summary>
static class WithdrawTimeOff
{
    public static void Map(RouteGroupBuilder availability) => availability.MapDelete("/time-off/{id:guid}", Handle)
        .WithSummary("Take back time off")
        .WithDescription("Slots of the weekly rules are open again.")
        .WithProblems(CommonProblems.Absent);

    static Task<StoredResponse<NoContent>> Handle(Guid id, CurrentUser doctor, IdempotencyKey key,
        IdempotentTransaction transaction) =>
        transaction.Run(doctor, key, new { }, async connection =>
        {
            await CalendarLocks.LockCalendars(connection, doctor.Id);
            if (await connection.Statement(Delete).With(id).With(doctor.Id).With(doctor.Trace).Execute() == 0)
                return CommonProblems.NotFound();
            if (await DoctorCalendar.Of(connection, doctor.Id) is { } calendar)
                await ApplySlotPlan.Apply(connection, [(calendar, calendar.Plan())], doctor);
            return StoredResponse.NoContent;
        });

    const string Delete = """
        with withdrawn as (delete from scheduling.time_off where id = $1 and doctor_id = $2 returning *)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select doctor_id, 'doctor', 'time_off.withdrawn', 'time_off', id,
               jsonb_build_object('doctor_id', doctor_id, 'starts_at', starts_at, 'ends_at', ends_at), $3
          from withdrawn
        """;
}
