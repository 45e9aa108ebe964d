using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Scheduling.Bookings.Steps;

/// <summary>Records that one party did not come, by the booking's doctor and not before it starts.</summary>
static class RecordNoShow
{
    public sealed record Request(string Party);

    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapPost("/{id:guid}/no-show", Handle).RequireAuthorization(Allow.Doctor)
            .WithSummary("Record a no-show")
            .WithDescription("Records which party did not come.")
            .WithETag().Example(Examples.NoShow)
            .WithProblems([.. SchedulingProblems.OfStep, SchedulingProblems.BookingHasNotStarted,
                CommonProblems.Invalid]).Example(new Request("patient"));

    static async Task<StoredResponse<Ok<Booking>>> Handle(Guid id, Request request,
        [AsParameters] ChangeBooking change) =>
        request.Party is not ("patient" or "doctor") ? CommonProblems.Field("party", "must be patient or doctor")
            : await change.Run(id, BookingAction.RecordNoShow, request, (connection, present) =>
                ApplyTransition.Apply(connection, present.Booking, BookingAction.RecordNoShow, change.User,
                    change.Listeners, party: request.Party));
}
