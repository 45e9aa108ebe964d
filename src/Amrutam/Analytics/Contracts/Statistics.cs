using Amrutam.Platform.Data;
using Amrutam.Platform.EventLog;
using NodaTime;
using Npgsql;

namespace Amrutam.Analytics.Contracts;

/// <summary>How many of one kind a day added.</summary>
sealed record Count(string Key, LocalDate Day, long N);

/// <summary>How many there are now.</summary>
/// <param name="UpToDate">False when the log was not read to its end in time, so the newest changes may be
/// missing.</param>
sealed record Totals(long Users, long Doctors, long Patients, long Bookings, long CancelledBookings,
    long MissedBookings, long Slots, bool UpToDate);

/// <summary>What happened in a period and in the one of equal length before it, day by day.</summary>
sealed record Figures(LocalDate First, LocalDate Last, IReadOnlyList<Count> Accounts, IReadOnlyList<Count> Slots,
    IReadOnlyList<Count> Bookings,
    IReadOnlyList<Count> Leads, IReadOnlyList<Count> Specializations, IReadOnlyList<Count> VisitHours,
        IReadOnlyList<Count> Attempts)
{
    public int Days => Period.DaysBetween(First, Last) + 1;
}

/// <summary>The clinic in numbers, from the roll-ups of the event log.</summary>
sealed class Statistics(NpgsqlDataSource db, EventReader<RollUp> reader, CountAttempts attempts, TimeProvider clock)
{
    /// <summary>The keys of <see cref="Contracts.Figures.Leads"/>, from the soonest to the latest.</summary>
    public static IReadOnlyList<string> LeadKeys => KnownBooking.Leads;

    // Longer than any transaction of ours runs; an answer that says it is behind is better than none.
    static readonly TimeSpan MostWait = TimeSpan.FromSeconds(2);

    /// <summary>The totals, which hold every change that was acknowledged before the call.</summary>
    public async Task<Totals> Totals(CancellationToken ct)
    {
        var upToDate = await reader.CatchUp(MostWait, ct);
        var sums = (await db.Statement(Sums).List(row => (Measure: row.GetString(0), Key: row.GetString(1), N: row
            .GetInt64(2)), ct))
            .ToDictionary(s => (s.Measure, s.Key), s => s.N);
        return new(Users: All(Measures.Accounts), Doctors: One(Measures.Accounts, "doctor"),
            Patients: One(Measures.Accounts, "patient"),
            Bookings: All(Measures.Bookings), CancelledBookings: One(Measures.Bookings, KnownBooking.Cancelled),
            MissedBookings: One(Measures.Bookings, KnownBooking.Missed),
            Slots: One(Measures.Slots, Measures.Published) - One(Measures.Slots, Measures.Closed), upToDate);

        long All(string measure) => sums.Where(s => s.Key.Measure == measure).Sum(s => s.Value);
        long One(string measure, string key) => sums.GetValueOrDefault((measure, key));
    }

    /// <summary>The last <paramref name="days"/> days, today included, and as many before them.</summary>
    public async Task<Figures> Figures(int days, CancellationToken ct)
    {
        await reader.CatchUp(MostWait, ct);
        await attempts.Flush();
        var last = Clinic.Today(clock);
        var from = last.PlusDays(1 - 2 * days);
        var counts = await db.Statement(Daily).With(from).List(row =>
            (Measure: row.GetString(0), Count: new Count(row.GetString(1), LocalDate
                .FromDateOnly(row.GetFieldValue<DateOnly>(2)), row.GetInt64(3))), ct);
        var asked = await db.Statement(Attempts).With(from).List(row =>
            new Count(row.GetString(1), LocalDate.FromDateOnly(row.GetFieldValue<DateOnly>(0)), row.GetInt64(2)), ct);
        return new(last.PlusDays(1 - days), last, Of(Measures.Accounts), Of(Measures.Slots), Of(Measures.Bookings),
            Of(Measures.Leads),
            Of(Measures.Specializations), Of(Measures.VisitHours), asked);

        List<Count> Of(string measure) => [.. counts.Where(c => c.Measure == measure).Select(c => c.Count)];
    }

    const string Sums = """
        select measure, key, sum(n)::bigint from analytics.daily
         where measure in ('accounts', 'bookings', 'slots') group by measure, key
        """;

    const string Daily = "select measure, key, day, n from analytics.daily where day >= $1 and n <> 0 order by day";

    const string Attempts = "select day, outcome, n from analytics.attempts where day >= $1 order by day";
}
