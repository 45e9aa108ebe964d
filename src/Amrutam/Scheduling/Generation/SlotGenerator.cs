using Amrutam.Platform.Http.Binding;
using NodaTime;

namespace Amrutam.Scheduling.Generation;

/// <summary>A time of a weekday on the doctor's wall clock, and its division into slots.</summary>
/// <param name="From">Minutes after midnight.</param>
/// <param name="To">Minutes after the same midnight: 1440 is the end of the day, more is on the next day.</param>
/// <param name="VisitTypes">The kinds of visit that it serves; null for every kind.</param>
sealed record WeeklyWindow(
    IsoDayOfWeek Weekday, int From, int To, Duration Slot, Duration Gap, LocalDate ValidFrom, LocalDate ValidTo,
    IReadOnlyList<Guid>? VisitTypes = null)
{
    public const int DayMinutes = 24 * 60;

    public bool IsOn(LocalDate day) => day.DayOfWeek == Weekday && day >= ValidFrom && day <= ValidTo;
}

/// <summary>A wall-clock time that a clock change skips or repeats.</summary>
readonly record struct ClockChange(LocalDateTime From, LocalDateTime To, bool Skipped);

/// <summary>Converts weekly wall-clock windows into slots. Pure.</summary>
/// <remarks>A window is a real time between two instants and is divided by real duration. So every slot has its stated
/// length, and a day of 23 hours has fewer slots. A window without a clock change keeps its wall-clock times.</remarks>
static class SlotGenerator
{
    // Yesterday's window may reach into today, and its end can depend on the day before.
    const int DaysBefore = 2;

    /// <summary>Every slot that starts after the instant, up to the windows of the last day; by time, without
    /// overlaps.</summary>
    public static IEnumerable<Interval> Slots(
        IReadOnlyList<WeeklyWindow> week, DateTimeZone zone, Instant after, LocalDate last) =>
        SlotsOfWindows(week, zone, after, last).Select(slot => slot.Time);

    /// <summary>The same slots, each with its window.</summary>
    public static IEnumerable<(WeeklyWindow Window, Interval Time)> SlotsOfWindows(
        IReadOnlyList<WeeklyWindow> week, DateTimeZone zone, Instant after, LocalDate last)
    {
        foreach (var (window, time) in Windows(week, zone, after.InZone(zone).Date, last))
        {
            var (start, step) = (time.Start, window.Slot + window.Gap);
            for (; start + window.Slot <= time.End; start += step)
                if (start > after) yield return (window, new(start, start + window.Slot));
        }
    }

    /// <summary>The windows of the days as instants, by time. A window that a repeated hour moves into the next one
    /// ends first.</summary>
    public static IEnumerable<(WeeklyWindow Window, Interval Time)> Windows(
        IReadOnlyList<WeeklyWindow> week, DateTimeZone zone, LocalDate first, LocalDate last)
    {
        var byDay = week.OrderBy(w => w.From).ToLookup(w => w.Weekday);
        var reached = Instant.MinValue;
        for (var day = first.PlusDays(-DaysBefore); day <= last; day = day.PlusDays(1))
            foreach (var window in byDay[day.DayOfWeek])
            {
                if (!window.IsOn(day)) continue;
                var (start, end) = (Start(day, window.From, zone), End(day, window.To, zone));
                if (start < reached) start = reached;
                if (start >= end) continue;
                reached = end;
                yield return (window, new(start, end));
            }
    }

    /// <summary>The times within the windows of these days that the clocks skip or repeat.</summary>
    public static IEnumerable<ClockChange> ClockChanges(
        IReadOnlyList<WeeklyWindow> week, DateTimeZone zone, LocalDate first, LocalDate last)
    {
        var days = new Interval(StartOfDay(first, zone), StartOfDay(last.PlusDays(2), zone));
        return zone.GetZoneIntervals(days).Pairwise()
            .Where(change => change.Before.WallOffset != change.After.WallOffset)
            .Select(change => change.Before.IsoLocalEnd < change.After.IsoLocalStart
                ? new ClockChange(change.Before.IsoLocalEnd, change.After.IsoLocalStart, Skipped: true)
                : new ClockChange(change.After.IsoLocalStart, change.Before.IsoLocalEnd, Skipped: false))
            .Where(change => week.Any(window => Touches(window, change)));
    }

    static bool Touches(WeeklyWindow window, ClockChange change) =>
        new[] { change.From.Date.PlusDays(-1), change.From.Date, change.To.Date }.Any(day => window.IsOn(day)
            && day.AtMidnight().PlusMinutes(window.From) < change.To
            && day.AtMidnight().PlusMinutes(window.To) > change.From);

    static IEnumerable<(T Before, T After)> Pairwise<T>(this IEnumerable<T> items) => items.Zip(items.Skip(1));

    /// <summary>The first instant of a date; where midnight is skipped, the instant of the clock change.</summary>
    public static Instant StartOfDay(LocalDate day, DateTimeZone zone) => Start(day, 0, zone);

    static Instant Start(LocalDate day, int minute, DateTimeZone zone) =>
        TimeZones.FirstAt(day.AtMidnight().PlusMinutes(minute), zone);

    /// <summary>A repeated time is the second, except that a day ends where the next one starts, even if midnight comes
    /// twice.</summary>
    static Instant End(LocalDate day, int minute, DateTimeZone zone)
    {
        if (minute == WeeklyWindow.DayMinutes) return Start(day, minute, zone);
        var map = zone.MapLocal(day.AtMidnight().PlusMinutes(minute));
        return map.Count == 0 ? map.LateInterval.Start : map.Last().ToInstant();
    }
}
