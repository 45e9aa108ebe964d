using NodaTime;

namespace Amrutam.Scheduling.Generation;

/// <summary>A stretch of a weekday on the doctor's wall clock, and how it is cut into slots.</summary>
/// <param name="From">Minutes after midnight.</param>
/// <param name="To">Minutes after the same midnight: 1440 is the end of the day, more lies on the next day.</param>
sealed record WeeklyWindow(
    IsoDayOfWeek Weekday, int From, int To, Duration Slot, Duration Gap, LocalDate ValidFrom, LocalDate ValidTo)
{
    public const int DayMinutes = 24 * 60;

    public bool IsOn(LocalDate day) => day.DayOfWeek == Weekday && day >= ValidFrom && day <= ValidTo;
}

/// <summary>A stretch of wall-clock time that a clock change leaves out or brings twice.</summary>
readonly record struct ClockChange(LocalDateTime From, LocalDateTime To, bool Skipped);

/// <summary>Turns a week of wall-clock windows into slots. Pure: all it knows is what it is given.</summary>
/// <remarks>
/// A window is a stretch of real time between two instants, and is cut by real duration. So no slot is longer or
/// shorter than it says, a day of 23 hours has fewer of them, and a window that has no clock change in it keeps its
/// wall-clock times.
/// </remarks>
static class SlotGenerator
{
    // Yesterday's window may reach into today, and where it ends can depend on the day before it.
    const int DaysBefore = 2;

    /// <summary>Every slot that starts after the instant, up to and with the windows of the last day; by time, never
    /// overlapping.</summary>
    public static IEnumerable<Interval> Slots(
        IReadOnlyList<WeeklyWindow> week, DateTimeZone zone, Instant after, LocalDate last)
    {
        foreach (var (window, time) in Windows(week, zone, after.InZone(zone).Date, last))
        {
            var (start, step) = (time.Start, window.Slot + window.Gap);
            for (; start + window.Slot <= time.End; start += step)
                if (start > after) yield return new(start, start + window.Slot);
        }
    }

    /// <summary>The windows of the days as instants, by time. One that a repeated hour pushes into the next ends
    /// first.</summary>
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

    /// <summary>What the clocks of the zone leave out or bring twice inside the windows of these days.</summary>
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

    /// <summary>The first moment of a date; where midnight is skipped, the moment the clocks went on.</summary>
    public static Instant StartOfDay(LocalDate day, DateTimeZone zone) => Start(day, 0, zone);

    /// <summary>A time that the clocks skip is the moment they went on; of a repeated one, the first.</summary>
    static Instant Start(LocalDate day, int minute, DateTimeZone zone)
    {
        var map = zone.MapLocal(day.AtMidnight().PlusMinutes(minute));
        return map.Count == 0 ? map.LateInterval.Start : map.First().ToInstant();
    }

    /// <summary>Of a repeated time the second; but a day ends where the next one starts, even when midnight comes
    /// twice.</summary>
    static Instant End(LocalDate day, int minute, DateTimeZone zone)
    {
        if (minute == WeeklyWindow.DayMinutes) return Start(day, minute, zone);
        var map = zone.MapLocal(day.AtMidnight().PlusMinutes(minute));
        return map.Count == 0 ? map.LateInterval.Start : map.Last().ToInstant();
    }
}
