using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using NodaTime.Text;

namespace Amrutam.Scheduling.Bookings.Steps;

/// <summary>The actions on a booking after it is made.</summary>
enum BookingAction { Accept, Decline, Expire, Cancel, Move, CheckIn, Start, Complete, RecordNoShow, Undo }

/// <summary>The life cycle of a booking: one table of every legal step and its time.</summary>
static class LifeCycle
{
    public const string Requested = "requested", Confirmed = "confirmed", CheckedIn = "checked_in",
        InProgress = "in_progress", Completed = "completed", NoShow = "no_show", Cancelled = "cancelled",
        Declined = "declined", Expired = "expired";

    public static readonly string[] Statuses =
        [Requested, Confirmed, CheckedIn, InProgress, Completed, NoShow, Cancelled, Declined, Expired];

    /// <summary>Undoing leads to no state of the table but to the one before the last step.</summary>
    const string Before = "";

    // Long enough to notice a mistake, short enough that nobody relies on the step yet.
    public static readonly Duration UndoWithin = Duration.FromMinutes(10);

    enum When { Any, Ahead, Begun, Open }

    sealed record Step(string From, BookingAction Action, string To, When When = When.Any);

    static readonly Step[] Steps = [
        new(Requested, BookingAction.Accept, Confirmed, When.Ahead),
        new(Requested, BookingAction.Decline, Declined),
        new(Requested, BookingAction.Expire, Expired),
        new(Requested, BookingAction.Cancel, Cancelled, When.Ahead),
        new(Confirmed, BookingAction.Cancel, Cancelled, When.Ahead),
        new(Confirmed, BookingAction.Move, Confirmed, When.Ahead),
        new(Confirmed, BookingAction.CheckIn, CheckedIn, When.Open),
        // A doctor without a waiting room completes at once.
        new(Confirmed, BookingAction.Complete, Completed, When.Begun),
        new(Confirmed, BookingAction.RecordNoShow, NoShow, When.Begun),
        new(CheckedIn, BookingAction.Cancel, Cancelled, When.Ahead),
        new(CheckedIn, BookingAction.Move, Confirmed, When.Ahead),
        new(CheckedIn, BookingAction.Start, InProgress, When.Open),
        new(CheckedIn, BookingAction.Complete, Completed, When.Begun),
        // The other party may still not come after the check-in.
        new(CheckedIn, BookingAction.RecordNoShow, NoShow, When.Begun),
        new(CheckedIn, BookingAction.Undo, Before),
        new(InProgress, BookingAction.Complete, Completed, When.Open),
        new(InProgress, BookingAction.Undo, Before),
        new(Completed, BookingAction.Undo, Before),
        new(NoShow, BookingAction.Undo, Before),
    ];

    /// <summary>The past participles that name the steps in events and in the history.</summary>
    public static string Done(BookingAction action) => action switch
    {
        BookingAction.Accept => "accepted",
        BookingAction.Decline => Declined,
        BookingAction.Expire => Expired,
        BookingAction.Cancel => Cancelled,
        BookingAction.Move => "moved",
        BookingAction.CheckIn => CheckedIn,
        BookingAction.Start => "started",
        BookingAction.Complete => Completed,
        BookingAction.RecordNoShow => NoShow,
        _ => "undone",
    };

    /// <summary>The state after the step; null when the step is not legal.</summary>
    public static string? After(string status, BookingAction action, string before) =>
        Find(status, action) is { } step ? step.To == Before ? before : step.To : null;

    /// <param name="opensBefore">How long before its start a visit opens for its steps.</param>
    /// <returns>The problem with taking the step now, or null.</returns>
    public static ProblemHttpResult? Refusal(string status, BookingAction action, Instant startsAt, Instant now,
        Duration opensBefore = default)
    {
        if (Find(status, action) is not { } step)
            return SchedulingProblems.StepNotAllowed.Because(
                $"A booking that is {Words(status)} cannot be {Words(Done(action))}.");
        return step.When switch
        {
            When.Ahead when startsAt <= now => SchedulingProblems.BookingHasStarted.Because(),
            When.Begun when startsAt > now => SchedulingProblems.BookingHasNotStarted.Because(),
            When.Open when startsAt > now + opensBefore => NotOpen(startsAt - opensBefore),
            _ => null,
        };
    }

    static ProblemHttpResult NotOpen(Instant opens) => SchedulingProblems.VisitIsNotOpen.Because(
        $"The visit opens for its steps at {InstantPattern.General.Format(opens)}.",
        new Dictionary<string, object?>(StringComparer.Ordinal) { [SchedulingProblems.OpensAt] = opens });

    static Step? Find(string status, BookingAction action) =>
        Steps.FirstOrDefault(step => step.From == status && step.Action == action);

    static string Words(string status) => status switch
    {
        NoShow => "recorded as a no-show",
        _ => status.Replace('_', ' '),
    };
}
