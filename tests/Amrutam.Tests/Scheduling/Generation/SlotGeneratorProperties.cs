using Amrutam.Platform.Http.Binding;
using Amrutam.Scheduling.Generation;
using Amrutam.Scheduling.Schedule;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using NodaTime.Extensions;
using Interval = NodaTime.Interval;

namespace Amrutam.Tests.Scheduling.Generation;

/// <summary>Properties of generated slots in every zone, in every year, for every set of rules.</summary>
public sealed class SlotGeneratorProperties
{
    static readonly DateTimeZone[] Zones =
        [.. DateTimeZoneProviders.Tzdb.GetAllZones().OrderBy(zone => zone.Id, StringComparer.Ordinal)];

    static readonly Config OfAZone = Config.QuickThrowOnFailure.WithMaxTest(3).WithQuietOnSuccess(true);

    static readonly LocalDate First = new(2024, 1, 1), Last = new(2030, 12, 31);

    /// <summary>A zone, some weeks of it, and valid rules.</summary>
    sealed record Case(DateTimeZone Zone, LocalDate Day, int Days, WeeklyWindow[] Week)
    {
        public LocalDate Last => Day.PlusDays(Days);
    }

    [Fact]
    public void Slots_follow_each_other_and_none_comes_twice() => Check(example =>
    {
        var slots = Slots(example);
        return slots.Zip(slots.Skip(1)).All(pair => pair.First.End <= pair.Second.Start);
    });

    [Fact]
    public void A_slot_lasts_as_long_as_its_rule_says_and_lies_in_a_window() => Check(example =>
    {
        var windows = SlotGenerator.Windows(example.Week, example.Zone, example.Day, example.Last).ToList();
        return Slots(example).All(slot => windows.Exists(w =>
            w.Time.Start <= slot.Start && slot.End <= w.Time.End && w.Window.Slot == slot.Duration));
    });

    [Fact]
    public void Where_no_clock_changes_a_window_keeps_its_local_times() => Check(example =>
    {
        var windows = SlotGenerator.Windows(example.Week, example.Zone, example.Day, example.Last);
        return windows.All(w => !KeepsOneOffset(example.Zone, w.Time)
            || (Minute(w.Time.Start, example.Zone), w.Time.Duration)
                == (w.Window.From, Duration.FromMinutes(w.Window.To - w.Window.From)));
    });

    /// <summary>It holds on days of a clock change too, unless the time does not exist or a repeated hour moved the
    /// window.</summary>
    [Fact]
    public void A_window_begins_and_ends_by_the_clock_wherever_the_clock_shows_that_time() => Check(KeepsTheClock);

    /// <summary>In Nuuk the last hour of 30 March 2030 does not exist, so its windows begin or end on the next
    /// day.</summary>
    [Theory]
    [InlineData(1320, 1410)]
    [InlineData(1380, 1500)]
    [InlineData(1410, 1560)]
    public void A_window_keeps_the_clock_where_the_skipped_hour_ends_at_midnight(int from, int to) =>
        KeepsTheClock(new(DateTimeZoneProviders.Tzdb["America/Nuuk"], new(2030, 3, 27), 5,
            [Window(IsoDayOfWeek.Saturday, from, to, 30, 0)])).ShouldBeTrue();

    static bool KeepsTheClock(Case example)
    {
        var reached = Instant.MinValue;
        foreach (var (window, time) in SlotGenerator.Windows(example.Week, example.Zone, example.Day, example.Last))
        {
            var midnight = DayOf(window, time, example.Zone).AtMidnight();
            if (time.Start != reached && Differs(midnight.PlusMinutes(window.From), time.Start, example.Zone)
                || Differs(midnight.PlusMinutes(window.To), time.End, example.Zone)) return false;
            reached = time.End;
        }
        return true;
    }

    /// <summary>The day of the rule. A skipped or repeated hour can move its beginning to the next day.</summary>
    static LocalDate DayOf(WeeklyWindow window, Interval time, DateTimeZone zone) =>
        time.Start.InZone(zone).Date is var day && day.DayOfWeek == window.Weekday ? day : day.PlusDays(-1);

    static bool Differs(LocalDateTime clock, Instant at, DateTimeZone zone) =>
        zone.MapLocal(clock).Count > 0 && at.InZone(zone).LocalDateTime != clock;

    [Fact]
    public void Slots_do_not_depend_on_when_they_are_made() => Check(example =>
    {
        var all = Slots(example);
        var later = SlotGenerator.StartOfDay(example.Day.PlusDays(example.Days / 2), example.Zone);
        var made = SlotGenerator.Slots(example.Week, example.Zone, later, example.Last).ToList();
        return made.SequenceEqual(all.Where(slot => slot.Start > later));
    });

    [Fact]
    public void Making_them_again_changes_nothing() => Check(example =>
    {
        var slots = Slots(example);
        var made = slots.ConvertAll(time => new MadeSlot(Guid.CreateVersion7(), time, true, SlotState.Open));
        var again = SlotPlan.Of(slots, made, [], Start(example));
        return (again.Added, again.Close.Count, again.Kept) == (0, 0, slots.Count);
    });

    /// <summary>Every zone and every day of seven years: each day begins at the end of the one before.</summary>
    [Fact]
    public void Whole_days_cover_all_time_in_every_zone()
    {
        WeeklyWindow[] always = [.. Enum.GetValues<IsoDayOfWeek>().Where(day => day != IsoDayOfWeek.None)
            .Select(day => Window(day, 0, 1440, 30, 0))];
        foreach (var zone in Zones)
        {
            var reached = SlotGenerator.StartOfDay(First.PlusDays(-2), zone);
            foreach (var (_, time) in SlotGenerator.Windows(always, zone, First, Last))
            {
                time.Start.ShouldBe(reached, zone.Id);
                (time.Duration.TotalHours is >= 21 and <= 27).ShouldBeTrue($"{zone.Id} {time}");
                reached = time.End;
            }
            reached.ShouldBe(SlotGenerator.StartOfDay(Last.PlusDays(1), zone), zone.Id);
        }
    }

    /// <summary>Some weeks of every zone, so that chance leaves none out.</summary>
    static void Check(Func<Case, bool> holds)
    {
        foreach (var zone in Zones)
            Prop.ForAll(Cases(zone).ToArbitrary(), holds).Check(OfAZone);
    }

    static Gen<Case> Cases(DateTimeZone zone) =>
        from nearChange in Gen.Choose(0, 2)
        from day in Gen.Choose(0, Period.DaysBetween(First, Last))
        from days in Gen.Choose(1, 40)
        from size in Gen.Choose(1, 6)
        from week in Gen.ArrayOf(Windows(), size)
        let first = First.PlusDays(day)
        select new Case(zone, nearChange == 0 ? first : NearChange(zone, first), days, LetIn(week));

    static Gen<WeeklyWindow> Windows() =>
        from day in Gen.Choose(1, 7)
        from quarter in Gen.Choose(0, 95)
        from length in Gen.Choose(1, 96)
        from slot in Gen.Elements(5, 15, 20, 30, 45, 60, 90, 720)
        from gap in Gen.Elements(0, 0, 5, 10, 60)
        select Window((IsoDayOfWeek)day, quarter * 15, quarter * 15 + length * 15, slot, gap);

    static WeeklyWindow Window(IsoDayOfWeek day, int from, int to, int slot, int gap) => new(day, from, to,
        Duration.FromMinutes(slot), Duration.FromMinutes(gap), new(1900, 1, 1), new(2200, 1, 1));

    /// <summary>The rules without those that overlap an earlier one, which a request may not contain.</summary>
    static WeeklyWindow[] LetIn(WeeklyWindow[] week)
    {
        var rules = new List<ScheduleRule>();
        foreach (var w in week)
        {
            var rule = new ScheduleRule(w.Weekday.ToString().ToLowerInvariant(), Clock(w.From), Clock(w.To),
                (int)w.Slot.TotalMinutes, (int)w.Gap.TotalMinutes);
            var fields = new RequestValidation();
            new WeeklySchedule([.. rules, rule]).Read(fields);
            if (!fields.Wrong) rules.Add(rule);
        }
        return [.. new WeeklySchedule(rules).Windows()];
    }

    static string Clock(int minute) => minute == 1440 ? "24:00" : $"{minute / 60 % 24:00}:{minute % 60:00}";

    /// <summary>Three days before the zone's next clock change, where most errors are.</summary>
    static LocalDate NearChange(DateTimeZone zone, LocalDate day)
    {
        var change = zone.GetZoneInterval(SlotGenerator.StartOfDay(day, zone));
        return change.HasEnd && change.End < Instant.FromUtc(2031, 1, 1, 0, 0)
            ? change.IsoLocalEnd.Date.PlusDays(-3) : day;
    }

    static Instant Start(Case example) => SlotGenerator.StartOfDay(example.Day, example.Zone) - Duration.Epsilon;

    static List<Interval> Slots(Case example) =>
        [.. SlotGenerator.Slots(example.Week, example.Zone, Start(example), example.Last)];

    static bool KeepsOneOffset(DateTimeZone zone, Interval time) =>
        zone.GetZoneIntervals(new Interval(time.Start - Duration.FromHours(24), time.End + Duration.FromHours(24)))
            .Select(i => i.WallOffset).Distinct().Count() == 1;

    static int Minute(Instant at, DateTimeZone zone) =>
        at.InZone(zone) is var local ? local.Hour * 60 + local.Minute : 0;
}
