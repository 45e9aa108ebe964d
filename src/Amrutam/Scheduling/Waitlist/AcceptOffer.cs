using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Amrutam.Scheduling.Bookings;
using Amrutam.Scheduling.Bookings.Reserving;
using Amrutam.Scheduling.Bookings.Steps;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Scheduling.Waitlist;

/// <summary>Accepts the slot that the waiting list holds for the signed-in patient, and ends the wait, in one
/// transaction. It books the slot, or moves the booking that was kept.</summary>
/// <remarks>An offer ends by the database's clock. With a doctor who confirms requests, the booking is a
/// request.</remarks>
static class AcceptOffer
{
    /// <param name="VisitTypeId">The doctor's default kind when not given. A booking that moves keeps its kind.</param>
    /// <param name="ExpectedFeeMinor">The price that the caller saw; another one is refused.</param>
    public sealed record Request(string? Reason = null, Guid? VisitTypeId = null, int? ExpectedFeeMinor = null);

    public static void Map(RouteGroupBuilder waitlist) =>
        waitlist.MapPost("/{id:guid}/acceptance", Handle)
            .WithSummary("Accept an offered slot")
            .WithDescription("Books the slot that is held for the caller.")
            .WithLocation().WithETag().Example(Examples.Confirmed)
            .WithProblems([.. SchedulingProblems.OfBooking, .. SchedulingProblems.OfVisit,
                SchedulingProblems.OfferIsOver,
                SchedulingProblems.StepNotAllowed, SchedulingProblems.CancellationWindowHasPassed,
                SchedulingProblems.BookingHasStarted, SchedulingProblems.MoveNeedsConfirmation, CommonProblems.Invalid])
            .Example(new Request("Follow-up after the blood test"));

    static async Task<StoredResponse<Ok<Booking>>> Handle(Guid id, Request? request, CurrentUser patient,
        IdempotencyKey key, IdempotentTransaction transaction, CheckBookability bookability, OfferSlot offers,
        BookingListeners listeners)
    {
        var fields = new RequestValidation();
        var reason = fields.Text("reason", request?.Reason, BookSlot.MaxReason);
        if (fields.Wrong) return fields.Problem();
        return await transaction.Run(patient, key, request ?? new(), async connection =>
        {
            if (await ChangeEntry.Lock(connection, id, patient) is not { } entry)
                return CommonProblems.NotFound();
            if (entry.Offer is not { } offer) return SchedulingProblems.OfferIsOver.Because();
            var booked = entry.BookingId is { } booking
                ? await Move(connection, booking, offer.SlotId, patient, bookability, listeners)
                : await Book(connection, offer.SlotId, patient, reason,
                    new(request?.VisitTypeId, request?.ExpectedFeeMinor), bookability);
            // A move is announced to the waiting list, which ends the entry.
            if (booked.Response.Status == StatusCodes.Status200OK && entry.BookingId is null)
                await ChangeEntry.End(connection, id, "accepted", "accepted", patient.Id, patient, offers);
            return booked;
        });
    }

    static async Task<StoredResponse<Ok<Booking>>> Book(NpgsqlConnection connection, Guid slot, CurrentUser patient,
        string? reason, WantedVisit visit, CheckBookability bookability)
    {
        var (refusal, place) = await bookability.CheckVisit(connection, slot, patient.Id, patient, visit);
        if (refusal is not null) return refusal;
        var booked = await InsertBookings.Insert(connection, [place], patient.Id, patient, reason);
        return booked[0].Response(location: Booking.Location(booked[0].Id));
    }

    static async Task<StoredResponse<Ok<Booking>>> Move(NpgsqlConnection connection, Guid booking, Guid slot,
        CurrentUser patient, CheckBookability bookability, BookingListeners listeners)
    {
        var present = (await ChangeBooking.Lock(connection, booking, patient))!;
        if (LifeCycle.Refusal(present.Booking.Status, BookingAction.Move, present.Booking.StartsAt, present.Now)
            is { } refusal) return refusal;
        return present.IsWithinWindow ? SchedulingProblems.CancellationWindowHasPassed.Because()
            : await MoveBooking.Move(connection, present.Booking, new(slot), patient, bookability, listeners);
    }
}
