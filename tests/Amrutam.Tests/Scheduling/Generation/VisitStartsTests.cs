using Amrutam.Scheduling.Generation;
using NodaTime;

namespace Amrutam.Tests.Scheduling.Generation;

public sealed class VisitStartsTests
{
    static readonly Guid Kind = Guid.CreateVersion7(), Other = Guid.CreateVersion7();

    static readonly Instant Nine = Instant.FromUtc(2030, 1, 7, 9, 0);

    /// <summary>Slots of half an hour: <c>x</c> serves every kind, <c>k</c> the kind, <c>o</c> another one; a space is
    /// no slot.</summary>
    static List<(WeeklyWindow Window, Interval Time)> Slots(string slots) => [.. slots
        .Select((serves, n) => (serves, Start: Nine + Duration.FromMinutes(30 * n))).Where(slot => slot.serves != ' ')
        .Select(slot => (Window(slot.serves), new Interval(slot.Start, slot.Start + Duration.FromMinutes(30))))];

    static WeeklyWindow Window(char serves) => new(IsoDayOfWeek.Monday, 0, WeeklyWindow.DayMinutes,
        Duration.FromMinutes(30), Duration.Zero, new(2030, 1, 1), new(2030, 12, 31),
        serves switch { 'k' => [Kind], 'o' => [Other], _ => null });

    [Theory]
    [InlineData("xxxx", 30, 4, 4)]
    [InlineData("xxxx", 31, 4, 3)]
    [InlineData("xxxx", 60, 4, 3)]
    [InlineData("xxxx", 121, 4, 0)]
    [InlineData("xx xx", 60, 4, 2)]
    [InlineData("xkox", 60, 3, 1)]
    [InlineData("oooo", 30, 0, 0)]
    [InlineData("", 30, 0, 0)]
    public void A_visit_begins_where_enough_slots_follow_that_serve_it(string slots, int minutes, int serving,
        int fitting) =>
        VisitStarts.Count(Slots(slots), Kind, Duration.FromMinutes(minutes)).ShouldBe((serving, fitting));

    [Fact]
    public void No_visit_takes_more_than_twelve_hours()
    {
        var slots = Slots(new string('x', 30));
        VisitStarts.Count(slots, Kind, Duration.FromHours(12)).Fitting.ShouldBe(7);
        VisitStarts.Count(slots, Kind, Duration.FromMinutes(721)).Fitting.ShouldBe(0);
    }
}
