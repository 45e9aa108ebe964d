using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;

namespace Amrutam.Scheduling.Bookings.Steps;

/// <summary>Begins the consultation with a patient who has checked in, also before its time when both are
/// there.</summary>
static class StartConsultation
{
    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapPost("/{id:guid}/start", Handle).RequireAuthorization(Allow.Doctor)
            .WithSummary("Start the consultation")
            .WithDescription("The booking is in progress from now on.")
            .Produces<Booking>()
            .Example(Examples.Confirmed with { Status = LifeCycle.InProgress, Revision = 2 })
            .WithProblems(SchedulingProblems.OfStep);

    static Task<IResult> Handle(Guid id, [AsParameters] ChangeBooking change) =>
        change.Take(id, "start", BookingAction.Start);
}
