using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using NodaTime;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>Holds a slot for the signed-in patient while they make up their mind: a few minutes by the database's
/// clock, a few slots per patient.</summary>
/// <remarks>
/// A hold that is over is over without any job. Whoever holds books with <c>POST /api/bookings</c>, which ends the
/// hold. Asking again while it runs answers with the same hold: it does not become longer.
/// </remarks>
static class HoldSlot
{
    [SchemaName("SlotHold")]
    public sealed record Hold(Guid SlotId, Instant ExpiresAt);

    public static void Map(RouteGroupBuilder slots) =>
        slots.MapPost("/{id:guid}/hold", Handle).RequireAuthorization(Allow.Patient).WithSummary("Hold a slot")
            .WithDescription("Keeps the slot for the caller for a few minutes, until they book it.")
            .Produces<Hold>(StatusCodes.Status201Created).Example(Examples.Held)
            .WithProblems([.. SchedulingProblems.OfSlot, SchedulingProblems.SlotHasStarted,
                SchedulingProblems.MinimumNotice,
                SchedulingProblems.BookingsOfAPatientDoNotOverlap, SchedulingProblems.TooManyHolds,
                    CommonProblems.Absent, IdempotencyProblems.KeyReused]);

    static Task<IResult> Handle(Guid id, CurrentUser patient, IdempotencyKey key, IdempotentTransaction changes,
        SchedulingSettings settings, SchedulingLimits limits, Alternatives alternatives) =>
        changes.Run(patient, $"POST /api/slots/{id}/hold", key, new { }, async connection =>
        {
            var refusal = (await CheckBookability.Check(connection, [id], patient.Id, settings))[0];
            if (refusal is not null)
                return await alternatives.AddTo(StoredResponse.Of(SchedulingProblems.Named(refusal).Because()), id,
                    connection);
            var held = await connection.Statement(HoldIt).With(id).With(patient.Id).With(limits.HoldsPerPatient)
                .With(settings.Times.HoldMinutes).With(patient.Trace).One(row => new Hold(id, row.GetInstant(0)));
            return held is null ? StoredResponse.Of(SchedulingProblems.TooManyHolds.Because())
                : StoredResponse.Of(StatusCodes.Status201Created, held);
        });

    // Offers of the waiting list are holds that the patient did not ask for, and do not count.
    const string HoldIt = """
        with own as (
            select s.held_until from scheduling.slots s
             where s.id = $1 and s.held_by = $2 and s.held_until > statement_timestamp()),
        held as (
            update scheduling.slots s set held_by = $2,
                   held_until = least(s.starts_at, statement_timestamp() + make_interval(mins => $4))
             where s.id = $1 and not exists (select from own)
               and ($3 = 0 or $3 > (
                   select count(*) from scheduling.slots o
                    where o.held_by = $2 and o.held_until > statement_timestamp()
                      and not exists (select from scheduling.waitlist_offers w
                                       where w.slot_id = o.id and w.outcome is null)))
         returning s.id, s.doctor_id, s.held_until),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $2, 'patient', 'slots.held', 'slot', id,
                   jsonb_build_object('doctor_id', doctor_id, 'until', held_until), $5 from held)
        select held_until from own union all select held_until from held
        """;
}
