using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Scheduling.Queue;

/// <summary>Calls the next patient of the signed-in doctor's queue of today, and measures how long they
/// waited.</summary>
/// <remarks>The order is <c>scheduling.queue_of</c>. Two calls at once call two patients. The visit begins with its own
/// step.</remarks>
static class CallNext
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/queue/next", Handle).RequireAuthorization(Allow.Doctor).WithTags("Front desk")
            .WithSummary("Call the next patient")
            .WithDescription("The first of those who wait today: booked and on time first, then by arrival.")
            .Example(Examples.Called).WithProblems(SchedulingProblems.NobodyIsWaiting, IdempotencyProblems.KeyReused);

    static Task<StoredResponse<Ok<QueueEntry>>> Handle(CurrentUser doctor, IdempotencyKey key,
        IdempotentTransaction transaction) =>
        transaction.Run(doctor, key, new { }, async connection =>
            await DoctorsDay.Of(connection, doctor.Id) is { } day
            && await connection.Statement(Call).With(doctor.Id).With(doctor.Trace).With(day.Date).One(QueueEntry.Read)
                is { } called ? StoredResponse.Ok(called) : SchedulingProblems.NobodyIsWaiting.Because());

    const string Call = """
        with first as (
            select e.id
              from scheduling.queue_of($1, $3) q join scheduling.queue_entries e on e.id = q.id
             where e.called_at is null
             order by q.place limit 1
               for update of e skip locked),
        e as (
            update scheduling.queue_entries c set called_at = greatest(c.arrived_at, statement_timestamp())
              from first where c.id = first.id
         returning c.*),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $1, 'doctor', 'queue.called', 'queue_entry', id, jsonb_strip_nulls(jsonb_build_object(
                   'doctor_id', doctor_id, 'booking_id', booking_id, 'token', token,
                   'waited_seconds', extract(epoch from called_at - arrived_at)::int)), $2
              from e)
        select
        """ + " " + QueueEntry.Columns + " from e left join scheduling.bookings b on b.id = e.booking_id";
}
