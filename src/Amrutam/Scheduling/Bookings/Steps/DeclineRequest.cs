using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Scheduling.Bookings.Steps;

/// <summary>Declines a request, by its doctor; the slot is open again, or offered to the first in line, at
/// once.</summary>
static class DeclineRequest
{
    [SchemaName("DeclineRequest")]
    public sealed record Request(string? Reason = null);

    const int MaxReason = 500;

    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapPost("/{id:guid}/decline", Handle)
            .Replacing(bookings.MapPost("/{id:guid}/declination", Handle)).RequireAuthorization(Allow.Doctor)
            .WithSummary("Decline a request")
            .WithDescription("The slot is open again, or goes to the first in line.")
            .WithETag().Example(Examples.Declined).WithProblems([.. SchedulingProblems.OfStep, CommonProblems.Invalid])
            .Example(new Request("Please see a surgeon about this"));

    static async Task<StoredResponse<Ok<Booking>>> Handle(Guid id, Request? request,
        [AsParameters] ChangeBooking change)
    {
        var fields = new RequestValidation();
        var reason = fields.Text("reason", request?.Reason, MaxReason);
        if (fields.Wrong) return fields.Problem();
        return await change.Run(id, BookingAction.Decline, request ?? new(), (connection, present) =>
            ApplyTransition.Apply(connection, present.Booking, BookingAction.Decline, change.User, change.Listeners,
                reason));
    }
}
