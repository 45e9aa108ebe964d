using Amrutam.Platform;

namespace Amrutam.Scheduling.Bookings;

/// <summary>Records that one party did not come; only the booking's doctor may, and not before it starts.</summary>
static class RecordNoShow
{
    public sealed record Request(string Party);

    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapPost("/{id:guid}/no-show", Handle).RequireAuthorization(Allow.Doctor)
            .WithSummary("Record a no-show").Produces<Booking>()
            .Example(Examples.NoShow)
            .Refuses([.. Rules.OfStep, Rules.BookingHasNotStarted, Problems.Invalid]).Example(new Request("patient"));

    static async Task<IResult> Handle(Guid id, Request request, [AsParameters] ChangeBooking change) =>
        request.Party is not ("patient" or "doctor") ? Problems.Field("party", "must be patient or doctor")
            : await change.Run(id, "no-show", BookingAction.RecordNoShow, request, (connection, present) =>
                TakeStep.Take(connection, present.Booking, BookingAction.RecordNoShow, change.User, change.Settings,
                    party: request.Party));
}
