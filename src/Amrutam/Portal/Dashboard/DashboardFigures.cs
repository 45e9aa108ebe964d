using Amrutam.Analytics.Contracts;
using NodaTime;

namespace Amrutam.Portal.Dashboard;

/// <summary>A total, and its growth in this period and in the one before.</summary>
/// <param name="Change">The difference as a share of the period before; null when that one is too small to compare
/// with.</param>
/// <param name="IsNew">Whether nearly all of the growth is of this period.</param>
readonly record struct Tile(string Name, long Total, long Added, double? Change, bool IsNew,
    IReadOnlyList<double> Line);

/// <summary>Arranges the figures of a period for the page.</summary>
static class DashboardFigures
{
    /// <summary>The ends of bookings, in the order of the chart's series.</summary>
    public static readonly string[] Outcomes = ["kept", "cancelled", "missed", "declined", "expired"];

    // A share of fewer is chance, and more than the tenfold is a beginning and no change.
    const long SmallestBase = 10, MostTimes = 10;

    /// <param name="onOffer">How many slots can be booked now.</param>
    public static Tile[] Tiles(Totals totals, long onOffer, Figures figures) =>
    [
        Of("bookings", totals.Bookings, figures, figures.Bookings),
        Of("slots", onOffer, figures, figures.Slots.Where(s => s.Key == "published")),
        Of("users", totals.Users, figures, figures.Accounts),
        Of("doctors", totals.Doctors, figures, figures.Accounts.Where(a => a.Key == "doctor")),
    ];

    /// <summary>Returns each day of the period with the number of its bookings by <see cref="Outcomes"/>.</summary>
    public static IEnumerable<(LocalDate Day, long[] Counts)> BookingsByDay(Figures figures)
    {
        var counts = figures.Bookings.ToDictionary(b => (b.Day, b.Key), b => b.N);
        return Days(figures).Select(day => (day, Outcomes.Select(o => counts.GetValueOrDefault((day, o))).ToArray()));
    }

    /// <summary>Returns the number of bookings of the period, and the refused requests by problem, the most frequent
    /// first.</summary>
    public static (long Booked, long Refused, List<(string Code, long N)> Refusals) Requests(Figures figures)
    {
        var refusals = ByKey(figures, figures.Refusals);
        return (ByKey(figures, figures.Bookings).Sum(b => b.N), refusals.Sum(r => r.N), refusals);
    }

    /// <summary>Returns the counts of the period by key, the greatest first.</summary>
    public static List<(string Key, long N)> ByKey(Figures figures, IEnumerable<Count> counts) =>
        [.. counts.Where(c => c.Day >= figures.First).GroupBy(c => c.Key).Select(g => (g.Key, N: g.Sum(c => c.N)))
            .Where(c => c.N > 0).OrderByDescending(c => c.N).ThenBy(c => c.Key, StringComparer.Ordinal)];

    static Tile Of(string name, long total, Figures figures, IEnumerable<Count> counts)
    {
        var byDay = counts.GroupBy(c => c.Day).ToDictionary(g => g.Key, g => g.Sum(c => c.N));
        var added = byDay.Where(d => d.Key >= figures.First).Sum(d => d.Value);
        var before = byDay.Where(d => d.Key < figures.First).Sum(d => d.Value);
        var isNew = added > (before < SmallestBase ? before : MostTimes * before);
        return new(name, total, added,
            before < SmallestBase || isNew ? null : (added - before) / (double)before, isNew,
            [.. Days(figures).Select(day => (double)byDay.GetValueOrDefault(day))]);
    }

    static IEnumerable<LocalDate> Days(Figures figures) =>
        Enumerable.Range(0, figures.Days).Select(figures.First.PlusDays);
}
