using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Amrutam.Scheduling.Bookings.Steps;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>Moves a booking to another slot: all or nothing, the same id, the old slot open again at once.</summary>
/// <remarks>A patient may move to any open slot, a doctor only within their own. Staff give a reason and are not bound
/// by the doctor's notice and window. Both slots are locked in id order, so crossing moves queue. A booking that is in
/// the slot already stays unchanged: the first response may have been lost.</remarks>
static class MoveBooking
{
    public sealed record Request(Guid SlotId, string? Reason = null);

    const int MaxReason = 500;

    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapPost("/{id:guid}/move", Handle).RequireAuthorization(Allow.SignedIn)
            .WithSummary("Move a booking to another slot")
            .WithDescription("The booking keeps its id. Either both slots change or none.")
            .Produces<Booking>()
            .Example(Examples.Moved)
            .WithProblems([.. SchedulingProblems.OfBooking, SchedulingProblems.StepNotAllowed,
                SchedulingProblems.RevisionIsStale, SchedulingProblems.BookingHasStarted,
                SchedulingProblems.CancellationWindowHasPassed, SchedulingProblems.MoveNeedsConfirmation,
                CommonProblems.Invalid])
            .Example(new Request(Guid.Parse(ExampleValues.Id), "The doctor is away"));

    static async Task<IResult> Handle(Guid id, Request request, [AsParameters] ChangeBooking change,
        CheckBookability bookability, Alternatives alternatives)
    {
        var (fields, user) = (new RequestValidation(), change.User);
        var reason = fields.Text("reason", request.Reason, MaxReason, required: user.Role == Allow.Admin);
        if (fields.Wrong) return fields.Problem();
        return await change.Run(id, BookingAction.Move, request, async (connection, present) =>
        {
            if (present.Booking.SlotId == request.SlotId)
                return StoredResponse.Of(StatusCodes.Status200OK, present.Booking);
            if (user.Role == Allow.Patient && present.IsWithinWindow)
                return StoredResponse.Of(SchedulingProblems.CancellationWindowHasPassed.Because());
            var response = await Move(connection, present.Booking, request.SlotId, user, bookability, change.Freed,
                reason);
            return await alternatives.AddTo(response, request.SlotId, connection);
        });
    }

    /// <summary>Moves a booking that is locked and may be moved, if its patient may have the slot.</summary>
    public static async Task<StoredResponse> Move(NpgsqlConnection connection, Booking booking, Guid slot,
        CurrentUser by, CheckBookability bookability, FreedSlots freed, string? reason = null)
    {
        if (await bookability.Refusal(connection, slot, booking.PatientId, by, booking) is { } refusal) return refusal;
        var (doctor, confirms) = (await connection.Statement(DoctorOfSlot).With(slot)
            .One(row => Tuple.Create(row.GetGuid(0), row.GetBoolean(1))))!;
        if (by.Role == Allow.Doctor && doctor != by.Id) return StoredResponse.Of(CommonProblems.NotFound());
        if (by.Role == Allow.Patient && confirms)
            return StoredResponse.Of(SchedulingProblems.MoveNeedsConfirmation.Because());
        var moved = await connection.Statement(Apply).With(booking.Id).With(slot).With(booking.SlotId).With(by.Id)
            .With(by.Role).With(by.Trace).With(booking.Status).With(booking.StartsAt).With(reason).One(Booking.Read);
        await freed.Announce(connection, booking.SlotId, booking.PatientId);
        return StoredResponse.Of(StatusCodes.Status200OK, moved!);
    }

    const string DoctorOfSlot = """
        select s.doctor_id, coalesce(p.requires_confirmation, false)
          from scheduling.slots s left join scheduling.booking_policies p on p.doctor_id = s.doctor_id
         where s.id = $1
        """;

    const string Apply = """
        with b as (
            update scheduling.bookings m
               set slot_id = s.id, doctor_id = s.doctor_id, starts_at = s.starts_at, ends_at = s.ends_at,
                   status = 'confirmed', revision = revision + 1, updated_at = now()
              from scheduling.slots s
             where m.id = $1 and s.id = $2
         returning m.*),
        marked as (
            update scheduling.slots s
               set booking_id = case s.id when $2 then b.id end, held_by = null, held_until = null
              from b where s.id in ($2, $3)),
        kept as (
            insert into scheduling.booking_steps (booking_id, revision, action, from_status, to_status, actor_id,
                   actor_role, reason, from_slot_id, from_starts_at)
            select id, revision, 'moved', $7, status, $4, $5, $9, $3, $8 from b),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $4, $5, 'bookings.moved', 'booking', id,
                   jsonb_build_object('doctor_id', doctor_id, 'slot_id', slot_id, 'from_slot_id', $3,
                       'starts_at', starts_at, 'from_starts_at', $8::timestamptz), $6 from b)
        select
        """ + " " + Booking.Columns + " from b";
}
