using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Scheduling.Bookings.Steps;

/// <summary>Checks the patient in, by the patient, the doctor or the desk. The patient gets a token of the
/// queue.</summary>
static class CheckIn
{
    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapPost("/{id:guid}/check-in", Handle).RequireAuthorization(Allow.SignedIn)
            .WithSummary("Check in")
            .WithDescription("Opens shortly before the booking; the problem `visit_is_not_open` says when.")
            .WithETag().Example(Examples.Confirmed with { Status = LifeCycle.CheckedIn, Revision = 1 })
            .WithProblems([.. SchedulingProblems.OfStep, SchedulingProblems.VisitIsNotOpen]);

    static Task<StoredResponse<Ok<Booking>>> Handle(Guid id, [AsParameters] ChangeBooking change) =>
        change.Apply(id, BookingAction.CheckIn);
}
