using Amrutam.Scheduling.Bookings.Steps;
using Amrutam.Tests.Support.Calendars;
using NodaTime;

namespace Amrutam.Tests.Scheduling.Bookings.Steps;

/// <summary>Every status with every action, before the start and after it, against an independent table.</summary>
public sealed class LifeCycleTests
{
    static readonly Instant Start = Instant.FromUtc(2026, 11, 22, 9, 30);

    static readonly Duration Opens = Duration.FromHours(1);

    public static TheoryData<string, string> Cells() => new(
        from status in BookingSteps.Statuses from step in BookingSteps.Steps select (status, step));

    [Theory]
    [MemberData(nameof(Cells))]
    public void Each_state_allows_exactly_the_steps_of_the_table(string status, string step)
    {
        var (action, to) = (Action(step), BookingSteps.After(status, step));
        LifeCycle.After(status, action, BookingSteps.Before).ShouldBe(to);
        // A time that suits every step: shortly before the start, or at the start.
        var allowed = new[] { Start - Duration.FromHours(1), Start }
            .Any(now => LifeCycle.Refusal(status, action, Start, now, Opens) is null);
        allowed.ShouldBe(to is not null);
        if (to is null)
            LifeCycle.Refusal(status, action, Start, Start)!.ProblemDetails.Extensions["code"]
                .ShouldBe("step_not_allowed");
    }

    [Fact]
    public void The_table_names_every_state_and_every_action()
    {
        BookingSteps.Statuses.ShouldBe(LifeCycle.Statuses);
        BookingSteps.Steps.Select(Action).ShouldBe(Enum.GetValues<BookingAction>());
        BookingSteps.Steps.ShouldBe(Enum.GetValues<BookingAction>().Select(LifeCycle.Done));
    }

    [Theory]
    [InlineData("cancelled", "confirmed", "booking_has_started", 0)]
    [InlineData("cancelled", "requested", "booking_has_started", 0)]
    [InlineData("cancelled", "confirmed", null, -1)]
    [InlineData("moved", "checked_in", "booking_has_started", 0)]
    [InlineData("accepted", "requested", "booking_has_started", 0)]
    [InlineData("completed", "confirmed", "booking_has_not_started", -1)]
    [InlineData("completed", "checked_in", "booking_has_not_started", -1)]
    [InlineData("completed", "confirmed", null, 0)]
    [InlineData("completed", "in_progress", "visit_is_not_open", -61)]
    [InlineData("completed", "in_progress", null, -60)]
    [InlineData("no_show", "confirmed", "booking_has_not_started", -1)]
    [InlineData("no_show", "confirmed", null, 0)]
    [InlineData("started", "checked_in", "visit_is_not_open", -61)]
    [InlineData("started", "checked_in", null, -60)]
    [InlineData("checked_in", "confirmed", "visit_is_not_open", -61)]
    [InlineData("checked_in", "confirmed", null, -60)]
    [InlineData("checked_in", "confirmed", null, 60)]
    public void A_step_has_its_time(string step, string status, string? code, int minutesAfterStart)
    {
        var now = Start + Duration.FromMinutes(minutesAfterStart);
        var refused = LifeCycle.Refusal(status, Action(step), Start, now, Opens)?.ProblemDetails.Extensions;
        (refused is null).ShouldBe(code is null);
        refused?["code"].ShouldBe(code);
        if (code == "visit_is_not_open") refused!["opens_at"].ShouldBe(Start - Opens);
    }

    static BookingAction Action(string step) => step switch
    {
        "accepted" => BookingAction.Accept,
        "declined" => BookingAction.Decline,
        "expired" => BookingAction.Expire,
        "cancelled" => BookingAction.Cancel,
        "moved" => BookingAction.Move,
        "checked_in" => BookingAction.CheckIn,
        "started" => BookingAction.Start,
        "completed" => BookingAction.Complete,
        "no_show" => BookingAction.RecordNoShow,
        "undone" => BookingAction.Undo,
        _ => throw new ArgumentException("no such step", nameof(step)),
    };
}
