using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Scheduling.Bookings.Steps;

/// <summary>Accepts a request that has not expired, by its doctor.</summary>
static class AcceptRequest
{
    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapPost("/{id:guid}/acceptance", Handle).RequireAuthorization(Allow.Doctor)
            .WithSummary("Accept a request")
            .WithDescription("The requested booking is confirmed.")
            .WithETag().Example(Examples.Confirmed with { Revision = 1 })
            .WithProblems([.. SchedulingProblems.OfStep, SchedulingProblems.BookingHasStarted]);

    static Task<StoredResponse<Ok<Booking>>> Handle(Guid id, [AsParameters] ChangeBooking change) =>
        change.Apply(id, BookingAction.Accept);
}
