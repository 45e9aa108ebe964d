using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Scheduling.Bookings.Steps;

/// <summary>Starts the consultation with a checked-in patient, from shortly before its time on.</summary>
static class StartConsultation
{
    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapPost("/{id:guid}/start", Handle).RequireAuthorization(Allow.Doctor)
            .WithSummary("Start the consultation")
            .WithDescription("The booking is in progress from now on.")
            .WithETag().Example(Examples.Confirmed with { Status = LifeCycle.InProgress, Revision = 2 })
            .WithProblems([.. SchedulingProblems.OfStep, SchedulingProblems.VisitIsNotOpen]);

    static Task<StoredResponse<Ok<Booking>>> Handle(Guid id, [AsParameters] ChangeBooking change) =>
        change.Apply(id, BookingAction.Start);
}
