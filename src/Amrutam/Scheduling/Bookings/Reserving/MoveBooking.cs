using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Amrutam.Scheduling.Bookings.Steps;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>Moves a booking to another slot: all or nothing, the same id, the old slot open again at once.</summary>
/// <remarks>A booking stays with its doctor unless the patient or staff ask for another one. Then the former doctor
/// keeps a record of the visit without the patient's reason, and the reason goes along only if the patient asked. Staff
/// give a reason and are not bound by the doctor's notice and window. Both slots are locked in id order, so crossing
/// moves queue. A booking that is in the slot already stays unchanged: the first response may have been lost.</remarks>
static class MoveBooking
{
    /// <param name="ToOtherDoctor">True: the slot may be of another doctor.</param>
    /// <param name="ExpectedFeeMinor">The other doctor's price that the caller saw; another one is refused.</param>
    public sealed record Request(Guid SlotId, string? Reason = null, bool ToOtherDoctor = false,
        int? ExpectedFeeMinor = null);

    /// <summary>A move that is asked for.</summary>
    public sealed record Wish(Guid Slot, string? Reason = null, bool ToOtherDoctor = false, int? ExpectedFee = null);

    const int MaxReason = 500;

    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapPost("/{id:guid}/move", Handle).RequireAuthorization(Allow.SignedIn)
            .WithSummary("Move a booking to another slot")
            .WithDescription("The booking keeps its id and its doctor; `to_other_doctor` allows another doctor's slot.")
            .WithETag().Example(Examples.Moved)
            .WithProblems([.. SchedulingProblems.OfBooking, .. SchedulingProblems.OfVisit,
                SchedulingProblems.StepNotAllowed,
                SchedulingProblems.RevisionIsStale, SchedulingProblems.BookingHasStarted,
                SchedulingProblems.CancellationWindowHasPassed, SchedulingProblems.MoveNeedsConfirmation,
                SchedulingProblems.SlotIsOfAnotherDoctor, CommonProblems.Invalid])
            .Example(new Request(Guid.Parse(ExampleValues.Id), "The doctor is away"));

    static async Task<StoredResponse<Ok<Booking>>> Handle(Guid id, Request request, [AsParameters] ChangeBooking change,
        CheckBookability bookability, Alternatives alternatives)
    {
        var (fields, user) = (new RequestValidation(), change.User);
        var reason = fields.Text("reason", request.Reason, MaxReason, required: user.ActsForClinic);
        if (fields.Wrong) return fields.Problem();
        return await change.Run(id, BookingAction.Move, request, async (connection, present) =>
        {
            if (present.Booking.SlotId == request.SlotId)
                return present.Booking.ShownTo(user).Response();
            if (user.Role == Allow.Patient && present.IsWithinWindow)
                return SchedulingProblems.CancellationWindowHasPassed.Because();
            var response = await Move(connection, present.Booking, new(request.SlotId, reason, request.ToOtherDoctor,
                request.ExpectedFeeMinor), user, bookability, change.Listeners);
            return await alternatives.AddTo(response.Response, request.SlotId, present.Booking.VisitType?.Id,
                connection);
        });
    }

    /// <summary>Moves a booking that is locked and may be moved, if its patient may have the slot.</summary>
    public static async Task<StoredResponse<Ok<Booking>>> Move(NpgsqlConnection connection, Booking booking, Wish wish,
        CurrentUser by, CheckBookability bookability, BookingListeners listeners)
    {
        var slot = wish.Slot;
        var (refusal, place) = await bookability.CheckVisit(connection, slot, booking.PatientId, by,
            new(booking.VisitType?.Id, wish.ExpectedFee), booking);
        if (refusal is not null) return refusal;
        var (doctor, confirms) = (await connection.Statement(DoctorOfSlot).With(slot)
            .One(row => Tuple.Create(row.GetGuid(0), row.GetBoolean(1))))!;
        if (by.Role == Allow.Doctor && doctor != by.Id) return CommonProblems.NotFound();
        if (doctor != booking.DoctorId && !wish.ToOtherDoctor)
            return SchedulingProblems.SlotIsOfAnotherDoctor.Because();
        if (by.Role == Allow.Patient && confirms)
            return SchedulingProblems.MoveNeedsConfirmation.Because();
        var moved = await connection.Statement(Apply).With(booking.Id).With(slot).With(booking.SlotId).With(by.Id)
            .With(by.Role).With(by.Trace).With(booking.Status).With(booking.StartsAt).With(wish.Reason)
            .With(booking.DoctorId).With(booking.EndsAt).WithJson($"[{place.Json}]").One(Booking.Read);
        await listeners.BookingsChanged(connection, [booking.Id], by);
        await listeners.SlotFreed(connection, booking.SlotId, booking.PatientId);
        return moved!.ShownTo(by).Response();
    }

    const string DoctorOfSlot = """
        select s.doctor_id, coalesce(p.requires_confirmation, false)
          from scheduling.slots s left join scheduling.booking_policies p on p.doctor_id = s.doctor_id
         where s.id = $1
        """;

    const string Apply = $"""
        with b as (
            update scheduling.bookings m
               set slot_id = s.id, doctor_id = s.doctor_id, starts_at = s.starts_at, ends_at = a.ends_at,
                   visit_type_id = a.visit_type_id, visit = a.visit, cancellation_window = a.cancellation_window,
                   more_slots = a.more_slots, status = 'confirmed', revision = revision + 1, updated_at = now(),
                   reason = case when s.doctor_id = $10 or $5 = 'patient' then m.reason end
              from scheduling.slots s cross join jsonb_to_recordset($12::jsonb) as a ({VisitPlace.Columns})
             where m.id = $1 and s.id = $2
         returning m.*),
        marked as (
            update scheduling.slots s
               set booking_id = case when s.id = any($2 || b.more_slots) then b.id end, held_by = null,
                   held_until = null
              from b where s.id = any(array[$2, $3] || b.more_slots)),
        kept as (
            insert into scheduling.booking_steps (booking_id, revision, action, from_status, to_status, actor_id,
                   actor_role, reason, from_slot_id, from_starts_at)
            select id, revision, 'moved', $7, status, $4, $5, $9, $3, $8 from b),
        left_behind as (
            insert into scheduling.moved_bookings (booking_id, revision, doctor_id, patient_id, slot_id, starts_at,
                   ends_at, booked_at, booked_by)
            select id, revision, $10, patient_id, $3, $8, $11, created_at, booked_by from b where doctor_id <> $10),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $4, $5, 'bookings.moved', 'booking', id,
                   jsonb_strip_nulls(jsonb_build_object('doctor_id', doctor_id, 'slot_id', slot_id,
                       'more_slot_ids', more_slots, 'from_slot_id', $3, 'starts_at', starts_at,
                       'from_starts_at', $8::timestamptz,
                       'from_doctor_id', nullif($10, doctor_id),
                       'acted_for', case when $5 <> 'doctor' then nullif(patient_id, $4) end)), $6 from b)
        select {Booking.Columns} from b
        """;
}
