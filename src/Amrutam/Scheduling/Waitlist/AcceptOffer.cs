using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Amrutam.Scheduling.Bookings;
using Amrutam.Scheduling.Bookings.Reserving;
using Amrutam.Scheduling.Bookings.Steps;
using Npgsql;

namespace Amrutam.Scheduling.Waitlist;

/// <summary>Accepts the slot that the waiting list holds for the signed-in patient: books it, or moves the booking that
/// was kept so far, and ends the wait, all in one transaction.</summary>
/// <remarks>An offer is over by the database's clock. With a doctor who confirms requests, the booking is a
/// request.</remarks>
static class AcceptOffer
{
    public sealed record Request(string? Reason = null);

    public static void Map(RouteGroupBuilder waitlist) =>
        waitlist.MapPost("/{id:guid}/acceptance", Handle).RequireAuthorization(Allow.Patient)
            .WithSummary("Accept an offered slot")
            .WithDescription("Books the slot that is held for the caller.")
            .Produces<Booking>().WithLocation().Example(Examples.Confirmed)
            .WithProblems([.. SchedulingProblems.OfBooking, SchedulingProblems.OfferIsOver,
                SchedulingProblems.StepNotAllowed, SchedulingProblems.CancellationWindowHasPassed,
                SchedulingProblems.BookingHasStarted, SchedulingProblems.MoveNeedsConfirmation, CommonProblems.Invalid])
            .Example(new Request("Follow-up after the blood test"));

    static async Task<IResult> Handle(Guid id, Request? request, CurrentUser patient, IdempotencyKey key,
        IdempotentTransaction changes, SchedulingSettings settings, SchedulingLimits limits)
    {
        var fields = new RequestValidation();
        var reason = fields.Text("reason", request?.Reason, BookSlot.MaxReason);
        if (fields.Wrong) return fields.Problem();
        var route = $"POST /api/waitlist/{id}/acceptance";
        return await changes.Run(patient, route, key, request ?? new(), async connection =>
        {
            if (await ChangeEntry.Lock(connection, id, patient) is not { } entry) return StoredResponse.Of(
                CommonProblems.NotFound());
            if (entry.Offer is not { } offer) return StoredResponse.Of(SchedulingProblems.OfferIsOver.Because());
            var answer = entry.BookingId is { } booking
                ? await Move(connection, booking, offer.SlotId, patient, settings)
                : await Book(connection, offer.SlotId, patient, reason, settings, limits);
            if (answer.Status == StatusCodes.Status200OK)
                await ChangeEntry.End(connection, id, "accepted", "accepted", patient, settings);
            return answer;
        });
    }

    static async Task<StoredResponse> Book(NpgsqlConnection connection, Guid slot, CurrentUser patient, string? reason,
        SchedulingSettings settings, SchedulingLimits limits)
    {
        var refusal = (await CheckBookability.Check(connection, [slot], patient.Id, settings))[0]
            ?? await InsertBookings.LimitReached(connection, slot, patient.Id, limits);
        if (refusal is not null) return StoredResponse.Of(SchedulingProblems.Named(refusal).Because());
        var booked = await InsertBookings.Insert(connection, [slot], patient, reason);
        return StoredResponse.Of(StatusCodes.Status200OK, booked[0], Booking.Location(booked[0].Id));
    }

    static async Task<StoredResponse> Move(NpgsqlConnection connection, Guid booking, Guid slot, CurrentUser patient,
        SchedulingSettings settings)
    {
        var present = (await ChangeBooking.Lock(connection, booking, patient))!;
        if (LifeCycle.Refusal(present.Booking.Status, BookingAction.Move, present.Booking.StartsAt, present.Now)
            is { } refusal) return StoredResponse.Of(refusal);
        return present.IsWithinWindow ? StoredResponse.Of(SchedulingProblems.CancellationWindowHasPassed.Because())
            : await MoveBooking.Move(connection, present.Booking, slot, patient, settings);
    }
}
