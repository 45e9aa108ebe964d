using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>Holds a slot for the signed-in account for a few minutes; an account holds a few slots at a time.</summary>
/// <remarks>
/// A hold ends by the database's clock, without any job, and at the latest when its slot stops being bookable.
/// <c>POST /api/bookings</c> by its holder ends it too. A second request while it runs returns the same hold and does
/// not extend it. After its end the slot rests from its holder, who can still book it.
/// </remarks>
static class HoldSlot
{
    /// <param name="PatientId">The patient who will come: the caller when not given, or a dependant.</param>
    public sealed record Request(Guid? PatientId = null);

    [SchemaName("SlotHold")]
    public sealed record Hold(Guid SlotId, Instant ExpiresAt);

    public static void Map(RouteGroupBuilder slots) =>
        slots.MapPost("/{id:guid}/hold", Handle).RequireAuthorization(Allow.Patient).WithSummary("Hold a slot")
            .WithDescription("Keeps the slot for the caller for a few minutes, until they book it.")
            .Example(Examples.Held)
            .WithProblems([.. SchedulingProblems.OfBooking, SchedulingProblems.TooManyHolds,
                SchedulingProblems.SlotRests]);

    static Task<StoredResponse<Created<Hold>>> Handle(Guid id, Request? request, CurrentUser account,
        IdempotencyKey key, IdempotentTransaction transaction, CheckBookability bookability,
        SchedulingSettings settings, SchedulingLimits limits, Alternatives alternatives) =>
        transaction.Run(account, key, request ?? new(), async connection =>
        {
            if (await bookability.Refusal(connection, id, request?.PatientId ?? account.Id, account) is { } refusal)
                return await alternatives.AddTo(refusal, id, connection);
            if (limits.CancellationsPerPatient > 0
                && await connection.Statement(RestOfSlot).With(id).With(account.Id).Value<int>() is > 0 and var seconds)
                return StoredResponse.Of(SchedulingProblems.SlotRests.Because()) with { RetryAfterSeconds = seconds };
            var held = await connection.Statement(InsertHold).With(id).With(account.Id).With(limits.HoldsPerPatient)
                .With(settings.Times.HoldMinutes).With(account.Trace).One(row => new Hold(id, row.GetInstant(0)));
            return held is null ? SchedulingProblems.TooManyHolds.Because() : StoredResponse.Created(held);
        });

    // Three times as long as a hold, so that others have the slot most of the time.
    const string RestOfSlot = """
        select ceil(extract(epoch from ended_at + interval '15 minutes' - statement_timestamp()))::int
          from scheduling.recent_holds
         where patient_id = $2 and slot_id = $1 and ended_at <= statement_timestamp()
        """;

    // An offer of the waiting list is a hold that the patient did not ask for, and does not count.
    const string InsertHold = """
        with own as (
            select s.held_until from scheduling.slots s
             where s.id = $1 and s.held_by = $2 and s.held_until > statement_timestamp()),
        held as (
            update scheduling.slots s set held_by = $2,
                   held_until = least(s.starts_at, s.bookable_until, statement_timestamp() + make_interval(mins => $4))
             where s.id = $1 and not exists (select from own)
               and ($3 = 0 or $3 > (
                   select count(*) from scheduling.slots o
                    where o.held_by = $2 and o.held_until > statement_timestamp()
                      and not exists (select from scheduling.waitlist_offers w
                                       where w.slot_id = o.id and w.outcome is null)))
         returning s.id, s.doctor_id, s.held_until),
        recorded as (
            insert into scheduling.recent_holds as h (patient_id, slot_id, ended_at) select $2, id, held_until from held
            on conflict (patient_id, slot_id) do update set ended_at = excluded.ended_at),
        forgotten as (
            delete from scheduling.recent_holds h
             where h.patient_id = $2 and h.slot_id <> $1 and h.ended_at < statement_timestamp() - interval '1 hour'),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $2, 'patient', 'slots.held', 'slot', id,
                   jsonb_build_object('doctor_id', doctor_id, 'until', held_until), $5 from held)
        select held_until from own union all select held_until from held
        """;
}
