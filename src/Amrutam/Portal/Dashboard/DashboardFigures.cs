using Amrutam.Analytics.Contracts;
using NodaTime;

namespace Amrutam.Portal.Dashboard;

/// <summary>How a number of this period compares with the period before.</summary>
/// <param name="Change">As a share of what was; null when there was nothing.</param>
readonly record struct Tile(string Name, long Total, long Added, double? Change, IReadOnlyList<double> Line);

/// <summary>The figures of a period arranged as the page draws them.</summary>
static class DashboardFigures
{
    const string Booked = "booked", Replayed = "replayed";
    static readonly string[] Outcomes = ["kept", "cancelled", "missed"];

    public static Tile[] Tiles(Totals totals, Figures figures) =>
    [
        Of("bookings", totals.Bookings, figures, figures.Bookings),
        Of("slots", totals.Slots, figures, figures.Slots.Where(s => s.Key == "published")),
        Of("users", totals.Users, figures, figures.Accounts),
        Of("doctors", totals.Doctors, figures, figures.Accounts.Where(a => a.Key == "doctor")),
    ];

    /// <summary>Each day of the period with how many of its bookings were kept, cancelled and missed; days without any
    /// too.</summary>
    public static IEnumerable<(LocalDate Day, long[] Counts)> BookingsByDay(Figures figures)
    {
        var counts = figures.Bookings.ToDictionary(b => (b.Day, b.Key), b => b.N);
        return Days(figures).Select(day => (day, Outcomes.Select(o => counts.GetValueOrDefault((day, o))).ToArray()));
    }

    /// <summary>What came of requests to book: how many became bookings, and the refusals by their rule, the most
    /// frequent first.</summary>
    /// <remarks>A repeat that got the first answer again is neither.</remarks>
    public static (long Booked, long Refused, List<(string Code, long N)> Refusals) Attempts(Figures figures)
    {
        var byOutcome = ByKey(figures, figures.Attempts);
        var refusals = byOutcome.Where(o => o.Key is not (Booked or Replayed)).ToList();
        return (byOutcome.FirstOrDefault(o => o.Key == Booked).N, refusals.Sum(r => r.N), refusals);
    }

    /// <summary>Counts of the period alone, by key, the greatest first.</summary>
    public static List<(string Key, long N)> ByKey(Figures figures, IEnumerable<Count> counts) =>
        [.. counts.Where(c => c.Day >= figures.First).GroupBy(c => c.Key).Select(g => (g.Key, N: g.Sum(c => c.N)))
            .Where(c => c.N > 0).OrderByDescending(c => c.N).ThenBy(c => c.Key, StringComparer.Ordinal)];

    static Tile Of(string name, long total, Figures figures, IEnumerable<Count> counts)
    {
        var byDay = counts.GroupBy(c => c.Day).ToDictionary(g => g.Key, g => g.Sum(c => c.N));
        var added = byDay.Where(d => d.Key >= figures.First).Sum(d => d.Value);
        var before = byDay.Where(d => d.Key < figures.First).Sum(d => d.Value);
        return new(name, total, added, before > 0 ? (added - before) / (double)before : null,
            [.. Days(figures).Select(day => (double)byDay.GetValueOrDefault(day))]);
    }

    static IEnumerable<LocalDate> Days(Figures figures) =>
        Enumerable.Range(0, figures.Days).Select(figures.First.PlusDays);
}
