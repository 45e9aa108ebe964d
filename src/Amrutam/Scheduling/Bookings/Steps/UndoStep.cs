using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;

namespace Amrutam.Scheduling.Bookings.Steps;

/// <summary>Undoes the last step of a visit (check-in, start, completion or no-show), by the doctor within ten
/// minutes.</summary>
/// <remarks>Cancelling, declining and moving are not undone: somebody may have acted on them. Undoing is itself a step
/// that is not undone.</remarks>
static class UndoStep
{
    sealed record Last(string Action, string From, Duration Age);

    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapPost("/{id:guid}/undo", Handle).RequireAuthorization(Allow.Doctor)
            .WithSummary("Undo the last step")
            .WithDescription("For ten minutes after the step.")
            .WithETag().Example(Examples.Confirmed with { Status = LifeCycle.InProgress, Revision = 4 })
            .WithProblems([.. SchedulingProblems.OfStep, SchedulingProblems.UndoIsTooLate]);

    static Task<StoredResponse<Ok<Booking>>> Handle(Guid id, [AsParameters] ChangeBooking change) =>
        change.Run(id, BookingAction.Undo, new { }, async (connection, present) =>
        {
            var last = await connection.Statement(LastStep).With(id).With(present.Booking.Revision).One(row =>
                new Last(row.GetString(0), row.GetString(1), present.Now - row.GetInstant(2)));
            if (last is null || last.Action == LifeCycle.Done(BookingAction.Undo))
                return SchedulingProblems.StepNotAllowed.Because(
                    "The last step was an undoing; it cannot be undone.");
            if (last.Age > LifeCycle.UndoWithin) return SchedulingProblems.UndoIsTooLate.Because();
            return await ApplyTransition.Apply(connection, present.Booking, BookingAction.Undo, change.User,
                change.Listeners, before: last.From);
        });

    const string LastStep =
        "select action, from_status, at from scheduling.booking_steps where booking_id = $1 and revision = $2";
}
