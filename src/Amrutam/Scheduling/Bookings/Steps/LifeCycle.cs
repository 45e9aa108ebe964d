using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;

namespace Amrutam.Scheduling.Bookings.Steps;

/// <summary>What can be done to a booking once it is made.</summary>
enum BookingAction { Accept, Decline, Expire, Cancel, Move, CheckIn, Start, Complete, RecordNoShow, Undo }

/// <summary>The life of a booking: one table of every legal step, and when it may be taken.</summary>
static class LifeCycle
{
    public const string Requested = "requested", Confirmed = "confirmed", CheckedIn = "checked_in",
        InProgress = "in_progress", Completed = "completed", NoShow = "no_show", Cancelled = "cancelled",
        Declined = "declined", Expired = "expired";

    public static readonly string[] Statuses =
        [Requested, Confirmed, CheckedIn, InProgress, Completed, NoShow, Cancelled, Declined, Expired];

    /// <summary>What undoing leads to is no state of the table: the one that the last step came from.</summary>
    const string Before = "";

    // Time enough to answer the doctor's questions the evening before, in whatever zone; weeks ahead it would say
    // nothing.
    public static readonly Duration CheckInOpens = Duration.FromHours(48);

    // Long enough to notice a slip, short enough that nobody has built on it.
    public static readonly Duration UndoWithin = Duration.FromMinutes(10);

    enum When { Any, Ahead, Begun, SoonOrBegun }

    sealed record Step(string From, BookingAction Action, string To, When When = When.Any);

    static readonly Step[] Steps = [
        new(Requested, BookingAction.Accept, Confirmed, When.Ahead),
        new(Requested, BookingAction.Decline, Declined),
        new(Requested, BookingAction.Expire, Expired),
        new(Requested, BookingAction.Cancel, Cancelled, When.Ahead),
        new(Confirmed, BookingAction.Cancel, Cancelled, When.Ahead),
        new(Confirmed, BookingAction.Move, Confirmed, When.Ahead),
        new(Confirmed, BookingAction.CheckIn, CheckedIn, When.SoonOrBegun),
        // A doctor who keeps no waiting room completes at once.
        new(Confirmed, BookingAction.Complete, Completed, When.Begun),
        new(Confirmed, BookingAction.RecordNoShow, NoShow, When.Begun),
        new(CheckedIn, BookingAction.Cancel, Cancelled, When.Ahead),
        new(CheckedIn, BookingAction.Move, Confirmed, When.Ahead),
        new(CheckedIn, BookingAction.Start, InProgress),
        new(CheckedIn, BookingAction.Complete, Completed, When.Begun),
        // Whoever checked in may still wait for the other in vain.
        new(CheckedIn, BookingAction.RecordNoShow, NoShow, When.Begun),
        new(CheckedIn, BookingAction.Undo, Before),
        new(InProgress, BookingAction.Complete, Completed),
        new(InProgress, BookingAction.Undo, Before),
        new(Completed, BookingAction.Undo, Before),
        new(NoShow, BookingAction.Undo, Before),
    ];

    /// <summary>The past participles, as events and the history name the steps.</summary>
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

    /// <summary>The state that the step leads to; null when it is not legal. Undoing leads to where the booking came
    /// from.</summary>
    public static string? After(string status, BookingAction action, string before) =>
        Find(status, action) is { } step ? step.To == Before ? before : step.To : null;

    /// <returns>Why the step may not be taken now, or null.</returns>
    public static ProblemHttpResult? Refusal(string status, BookingAction action, Instant startsAt, Instant now)
    {
        if (Find(status, action) is not { } step)
            return SchedulingProblems.StepNotAllowed.Because(
                $"A booking that is {Words(status)} cannot be {Words(Done(action))}.");
        return step.When switch
        {
            When.Ahead when startsAt <= now => SchedulingProblems.BookingHasStarted.Because(),
            When.Begun when startsAt > now => SchedulingProblems.BookingHasNotStarted.Because(),
            When.SoonOrBegun when startsAt > now + CheckInOpens => SchedulingProblems.CheckInIsNotOpen.Because(),
            _ => null,
        };
    }

    static Step? Find(string status, BookingAction action) =>
        Steps.FirstOrDefault(step => step.From == status && step.Action == action);

    static string Words(string status) => status switch
    {
        NoShow => "recorded as a no-show",
        _ => status.Replace('_', ' '),
    };
}
