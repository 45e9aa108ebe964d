using Amrutam.Platform.Http.Binding;
using Amrutam.Scheduling.Generation;
using Amrutam.Scheduling.Schedule;
using NodaTime;

namespace Amrutam.Tests.Scheduling.Generation;

/// <summary>Dates on which calendars are known to go wrong.</summary>
public sealed class SlotGeneratorTests
{
    [Theory]
    [InlineData("America/New_York", "2026-03-08", 46)]
    [InlineData("America/New_York", "2026-11-01", 50)]
    [InlineData("America/New_York", "2026-11-02", 48)]
    [InlineData("Africa/Cairo", "2026-04-24", 46)]
    [InlineData("Africa/Cairo", "2026-10-29", 50)]
    [InlineData("Asia/Beirut", "2026-03-29", 46)]
    [InlineData("America/Santiago", "2026-09-06", 46)]
    [InlineData("America/Havana", "2025-03-09", 46)]
    [InlineData("America/Havana", "2025-11-02", 50)]
    [InlineData("Australia/Lord_Howe", "2026-10-04", 47)]
    [InlineData("Australia/Lord_Howe", "2026-04-05", 49)]
    [InlineData("Asia/Kathmandu", "2026-03-08", 48)]
    [InlineData("Antarctica/Troll", "2026-03-29", 44)]
    public void A_whole_day_has_as_many_half_hours_as_it_is_long(string zone, string date, int slots)
    {
        var day = Date(date);
        var made = SlotsOf(zone, day, Rule(day, "00:00", "24:00"));
        made.Count.ShouldBe(slots);
        made[0].Start.ShouldBe(SlotGenerator.StartOfDay(day, Zone(zone)));
        made[^1].End.ShouldBe(SlotGenerator.StartOfDay(day.PlusDays(1), Zone(zone)));
    }

    [Theory]
    [InlineData("Africa/Cairo", "2026-04-24")]
    [InlineData("Asia/Beirut", "2026-03-29")]
    [InlineData("America/Santiago", "2026-09-06")]
    public void A_day_without_midnight_begins_when_the_clocks_went_on(string zone, string date)
    {
        var day = Date(date);
        Local(SlotsOf(zone, day, Rule(day, "00:00", "02:00")), zone).ShouldBe(["01:00", "01:30"]);
        Local(SlotsOf(zone, day, Rule(day, "00:30", "02:00")), zone).ShouldBe(["01:00", "01:30"]);
    }

    [Fact]
    public void Midnight_that_comes_twice_ends_one_day_and_begins_the_next()
    {
        var (zone, saturday, sunday) = ("America/Havana", Date("2025-11-01"), Date("2025-11-02"));
        var (before, after) = (Rule(saturday, "22:00", "24:00"), Rule(sunday, "00:00", "02:00"));
        Local(SlotsOf(zone, saturday, before), zone).ShouldBe(["22:00", "22:30", "23:00", "23:30"]);
        Local(SlotsOf(zone, sunday, after), zone).ShouldBe(["00:00", "00:30", "00:00", "00:30", "01:00", "01:30"]);
        SlotsOf(zone, sunday, before, after)
            .ShouldBe([.. SlotsOf(zone, saturday, before), .. SlotsOf(zone, sunday, after)]);
    }

    [Fact]
    public void A_time_in_Kathmandu_is_five_hours_and_three_quarters_ahead() =>
        SlotsOf("Asia/Kathmandu", Date("2026-06-01"), Rule(Date("2026-06-01"), "09:00", "09:30")).ShouldHaveSingleItem()
            .Start.ShouldBe(Instant.FromUtc(2026, 6, 1, 3, 15));

    [Fact]
    public void An_edge_that_the_clocks_skip_lies_where_they_went_on()
    {
        var (zone, day) = ("America/New_York", Date("2026-03-08"));
        Local(SlotsOf(zone, day, Rule(day, "01:30", "02:30")), zone).ShouldBe(["01:30"]);
        Local(SlotsOf(zone, day, Rule(day, "02:30", "04:00")), zone).ShouldBe(["03:00", "03:30"]);
        SlotsOf(zone, day, Rule(day, "02:00", "03:00")).ShouldBeEmpty();
    }

    [Fact]
    public void Of_a_repeated_time_a_window_starts_with_the_first_and_ends_with_the_second()
    {
        var (zone, day) = ("America/New_York", Date("2026-11-01"));
        Local(SlotsOf(zone, day, Rule(day, "01:00", "01:30")), zone).ShouldBe(["01:00", "01:30", "01:00"]);
        var both = SlotsOf(zone, day, Rule(day, "00:30", "01:30"), Rule(day, "01:30", "02:30"));
        Local(both, zone).ShouldBe(["00:30", "01:00", "01:30", "01:00", "01:30", "02:00"]);
        both.Zip(both.Skip(1)).ShouldAllBe(pair => pair.First.End == pair.Second.Start);
    }

    [Fact]
    public void A_night_is_cut_by_real_time()
    {
        var saturday = Date("2026-03-07");
        Local(SlotsOf("America/New_York", saturday, Rule(saturday, "23:00", "05:00", minutes: 60)), "America/New_York")
            .ShouldBe(["23:00", "00:00", "01:00", "03:00", "04:00"]);
        Local(SlotsOf("Asia/Kolkata", saturday, Rule(saturday, "22:00", "00:00")), "Asia/Kolkata")
            .ShouldBe(["22:00", "22:30", "23:00", "23:30"]);
    }

    [Fact]
    public void A_gap_follows_each_slot_and_no_slot_ends_after_its_window()
    {
        var day = Date("2026-06-01");
        Local(SlotsOf("Asia/Kolkata", day, Rule(day, "09:00", "11:10", minutes: 30, gap: 10)), "Asia/Kolkata")
            .ShouldBe(["09:00", "09:40", "10:20"]);
    }

    [Fact]
    public void A_rule_holds_from_its_first_day_to_its_last()
    {
        var monday = Date("2026-06-01");
        var (first, last) = (monday.PlusDays(7), monday.PlusDays(14));
        var rule = Rule(monday, "09:00", "09:30") with { ValidFrom = first, ValidTo = last };
        var slots = SlotGenerator.Slots([rule], Zone("Asia/Kolkata"),
            SlotGenerator.StartOfDay(monday, Zone("Asia/Kolkata")),
            monday.PlusDays(60));
        slots.Select(s => s.Start.InZone(Zone("Asia/Kolkata")).Date).ShouldBe([first, last]);
    }

    [Fact]
    public void A_night_that_began_yesterday_goes_on_today()
    {
        var (zone, monday) = (Zone("Asia/Kolkata"), Date("2026-06-01"));
        var midnight = SlotGenerator.StartOfDay(monday.PlusDays(1), zone);
        var slots = SlotGenerator.Slots([Rule(monday, "23:00", "01:00")], zone, midnight, monday.PlusDays(1));
        slots.Select(s => s.Start).ShouldBe([midnight + Duration.FromMinutes(30)]);
    }

    [Fact]
    public void Clock_changes_are_listed_where_a_rule_lies()
    {
        var (zone, sunday) = (Zone("America/New_York"), Date("2026-03-08"));
        var changes = (string from, string to) => SlotGenerator.ClockChanges(
            [Rule(sunday, from, to)], zone, sunday.PlusDays(-30), sunday.PlusDays(300)).ToList();
        changes("00:00", "24:00").ShouldBe([
            new(sunday + new LocalTime(2, 0), sunday + new LocalTime(3, 0), true),
            new(Date("2026-11-01") + new LocalTime(1, 0), Date("2026-11-01") + new LocalTime(2, 0), false)]);
        changes("09:00", "17:00").ShouldBeEmpty();
        changes("02:30", "02:45").ShouldHaveSingleItem().Skipped.ShouldBeTrue();
    }

    static LocalDate Date(string text) => NodaTime.Text.LocalDatePattern.Iso.Parse(text).Value;

    static DateTimeZone Zone(string id) => TimeZones.Zone(id)!;

    static WeeklyWindow Rule(LocalDate day, string from, string to, int minutes = 30, int gap = 0) =>
        new ScheduleRule(day.DayOfWeek.ToString().ToLowerInvariant(), from, to, minutes, gap).Read(new(), "rule")!;

    /// <summary>The slots of windows that are valid on that day only.</summary>
    static List<Interval> SlotsOf(string zone, LocalDate day, params WeeklyWindow[] week) => [.. SlotGenerator.Slots(
        [.. week.Select(w => w with { ValidFrom = day.PlusDays(-1), ValidTo = day.PlusDays(1) })],
        Zone(zone), SlotGenerator.StartOfDay(day.PlusDays(-1), Zone(zone)) - Duration.Epsilon, day.PlusDays(1))];

    static IEnumerable<string> Local(IEnumerable<Interval> slots, string zone) =>
        slots.Select(s => s.Start.InZone(Zone(zone)).ToString("HH:mm", null));
}
