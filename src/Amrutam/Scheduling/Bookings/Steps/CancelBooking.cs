using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Scheduling.Bookings.Steps;

/// <summary>Cancels a booking ahead, by its patient or its doctor; the slot is open again, or offered to the first in
/// line, at once.</summary>
/// <remarks>A patient cancels before the doctor's cancellation window begins; staff at any time ahead, with a
/// reason.</remarks>
static class CancelBooking
{
    public sealed record Request(string? Reason = null);

    const int MaxReason = 500;

    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapPost("/{id:guid}/cancellation", Handle).RequireAuthorization(Allow.SignedIn)
            .WithSummary("Cancel a booking")
            .WithDescription("The slot is open again. The doctor's policy can set a last moment for patients.")
            .WithETag().Example(Examples.Cancelled)
            .WithProblems([.. SchedulingProblems.OfStep, SchedulingProblems.BookingHasStarted,
                SchedulingProblems.CancellationWindowHasPassed, CommonProblems.Invalid])
            .Example(new Request("I am travelling that day"));

    static async Task<StoredResponse<Ok<Booking>>> Handle(Guid id, Request? request,
        [AsParameters] ChangeBooking change)
    {
        var (fields, user) = (new RequestValidation(), change.User);
        var reason = fields.Text("reason", request?.Reason, MaxReason, required: user.ActsForClinic);
        if (fields.Wrong) return fields.Problem();
        const BookingAction cancel = BookingAction.Cancel;
        return await change.Run(id, cancel, request ?? new(), async (connection, present) =>
            Refusal(present, user) is { } refusal ? refusal
                : await ApplyTransition.Apply(connection, present.Booking, cancel, user, change.Listeners, reason));
    }

    /// <returns>The problem with cancelling the booking now, or null.</returns>
    public static ProblemHttpResult? Refusal(PresentBooking present, CurrentUser user) =>
        LifeCycle.Refusal(present.Booking.Status, BookingAction.Cancel, present.Booking.StartsAt, present.Now)
        ?? (user.Role == Allow.Patient && present.IsWithinWindow
            ? SchedulingProblems.CancellationWindowHasPassed.Because() : null);
}
