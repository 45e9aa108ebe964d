using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Scheduling.Bookings.Steps;

/// <summary>Records that the consultation took place, by its doctor: after its start, or once the
/// consultation is in progress.</summary>
static class CompleteBooking
{
    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapPost("/{id:guid}/completion", Handle).RequireAuthorization(Allow.Doctor)
            .WithSummary("Complete a booking")
            .WithDescription("Ends a consultation that took place.")
            .WithETag().Example(Examples.Confirmed with { Status = LifeCycle.Completed, Revision = 3 })
            .WithProblems([.. SchedulingProblems.OfStep, SchedulingProblems.BookingHasNotStarted,
                SchedulingProblems.VisitIsNotOpen]);

    static Task<StoredResponse<Ok<Booking>>> Handle(Guid id, [AsParameters] ChangeBooking change) =>
        change.Apply(id, BookingAction.Complete);
}
