using Amrutam.Scheduling.Bookings.Steps;
using NodaTime;

namespace Amrutam.Tests.Scheduling.Bookings.Steps;

/// <summary>Every state with every action, before the start and after it, against a table written down apart.</summary>
public sealed class LifeCycleTests
{
    static readonly Instant Start = Instant.FromUtc(2026, 11, 22, 9, 30);

    static readonly Duration Opens = Duration.FromHours(1);

    /// <summary>What is legal, as the state it leads to: a line for each state, a column for each action.</summary>
    const string Table = """
                    accept    decline  expire  cancel    move      check_in   start       complete  no_show undo
        requested   confirmed declined expired cancelled -         -          -           -         -       -
        confirmed   -         -        -       cancelled confirmed checked_in -           completed no_show -
        checked_in  -         -        -       cancelled confirmed -          in_progress completed no_show before
        in_progress -         -        -       -         -         -          -           completed -       before
        completed   -         -        -       -         -         -          -           -         -       before
        no_show     -         -        -       -         -         -          -           -         -       before
        cancelled   -         -        -       -         -         -          -           -         -       -
        declined    -         -        -       -         -         -          -           -         -       -
        expired     -         -        -       -         -         -          -           -         -       -
        """;

    public static TheoryData<string, string, string> Cells()
    {
        var lines = Table.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToList();
        var cells = new TheoryData<string, string, string>();
        foreach (var line in lines.Skip(1))
            for (var i = 0; i < lines[0].Length; i++) cells.Add(line[0], lines[0][i], line[i + 1]);
        return cells;
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void Each_state_allows_exactly_the_steps_of_the_table(string status, string action, string to)
    {
        LifeCycle.After(status, Action(action), "before").ShouldBe(to == "-" ? null : to);
        // At a time that no step minds: neither begun nor long ahead, or begun.
        var allowed = new[] { Start - Duration.FromHours(1), Start }
            .Any(now => LifeCycle.Refusal(status, Action(action), Start, now, Opens) is null);
        allowed.ShouldBe(to != "-");
        if (to == "-")
            LifeCycle.Refusal(status, Action(action), Start, Start)!.ProblemDetails.Extensions["code"]
                .ShouldBe("step_not_allowed");
    }

    [Fact]
    public void The_table_names_every_state_and_every_action()
    {
        Cells().Count.ShouldBe(LifeCycle.Statuses.Length * Enum.GetValues<BookingAction>().Length);
        Table.Split('\n').Skip(1).Select(line => line.Split(' ')[0]).ShouldBe(LifeCycle.Statuses);
    }

    [Theory]
    [InlineData("cancel", "confirmed", "booking_has_started", 0)]
    [InlineData("cancel", "requested", "booking_has_started", 0)]
    [InlineData("cancel", "confirmed", null, -1)]
    [InlineData("move", "checked_in", "booking_has_started", 0)]
    [InlineData("accept", "requested", "booking_has_started", 0)]
    [InlineData("complete", "confirmed", "booking_has_not_started", -1)]
    [InlineData("complete", "checked_in", "booking_has_not_started", -1)]
    [InlineData("complete", "confirmed", null, 0)]
    [InlineData("complete", "in_progress", "visit_is_not_open", -61)]
    [InlineData("complete", "in_progress", null, -60)]
    [InlineData("no_show", "confirmed", "booking_has_not_started", -1)]
    [InlineData("no_show", "confirmed", null, 0)]
    [InlineData("start", "checked_in", "visit_is_not_open", -61)]
    [InlineData("start", "checked_in", null, -60)]
    [InlineData("check_in", "confirmed", "visit_is_not_open", -61)]
    [InlineData("check_in", "confirmed", null, -60)]
    [InlineData("check_in", "confirmed", null, 60)]
    public void A_step_has_its_time(string action, string status, string? code, int minutesAfterStart)
    {
        var now = Start + Duration.FromMinutes(minutesAfterStart);
        var refused = LifeCycle.Refusal(status, Action(action), Start, now, Opens)?.ProblemDetails.Extensions;
        refused?["code"].ShouldBe(code);
        (refused is null).ShouldBe(code is null);
        if (code == "visit_is_not_open") refused!["opens_at"].ShouldBe(Start - Opens);
    }

    static BookingAction Action(string name) => name switch
    {
        "no_show" => BookingAction.RecordNoShow,
        _ => Enum.Parse<BookingAction>(name.Replace("_", "", StringComparison.Ordinal), ignoreCase: true),
    };
}
