using Amrutam.Platform;

namespace Amrutam.Scheduling.Bookings;

/// <summary>Accepts or declines a request, by the doctor who asked to be asked; once it has expired neither can
/// be.</summary>
static class AnswerRequest
{
    public sealed record Declination(string? Reason = null);

    const int MaxReason = 500;

    public static void Map(RouteGroupBuilder bookings)
    {
        bookings.MapPost("/{id:guid}/acceptance", Accept).RequireAuthorization(Allow.Doctor)
            .WithSummary("Accept a request").Produces<Booking>().Refuses([.. Rules.OfStep, Rules.BookingHasStarted]);
        bookings.MapPost("/{id:guid}/declination", Decline).RequireAuthorization(Allow.Doctor)
            .WithSummary("Decline a request").Produces<Booking>().Refuses([.. Rules.OfStep, Problems.Invalid]);
    }

    static Task<IResult> Accept(Guid id, [AsParameters] ChangeBooking change) =>
        change.Take(id, "acceptance", BookingAction.Accept);

    static async Task<IResult> Decline(Guid id, Declination? request, [AsParameters] ChangeBooking change)
    {
        var fields = new Fields();
        var reason = fields.Text("reason", request?.Reason, MaxReason);
        if (fields.Wrong) return fields.Problem();
        return await change.Run(id, "declination", BookingAction.Decline, request ?? new(), (connection, present) =>
            TakeStep.Take(connection, present.Booking, BookingAction.Decline, change.User, change.Settings, reason));
    }
}
