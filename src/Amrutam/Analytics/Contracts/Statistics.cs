using Amrutam.Platform.Data;
using Amrutam.Platform.EventLog;
using NodaTime;
using Npgsql;

namespace Amrutam.Analytics.Contracts;

/// <summary>The change of one count in a day.</summary>
sealed record Count(string Key, LocalDate Day, long N);

/// <summary>The totals; <see cref="ReadStats.Response"/> defines each.</summary>
/// <param name="UpToDate">False when the log was not read to its end in time, so the newest changes may be
/// missing.</param>
sealed record Totals(long Users, long Doctors, long Patients, long Bookings, long CancelledBookings,
    long DeclinedBookings, long ExpiredBookings, long MissedBookings, long Slots, bool UpToDate);

/// <summary>The counts of a period and of the equal period before it, day by day.</summary>
/// <param name="Refusals">Refused requests to book, by the problem's code.</param>
sealed record Figures(LocalDate First, LocalDate Last, IReadOnlyList<Count> Accounts, IReadOnlyList<Count> Slots,
    IReadOnlyList<Count> Bookings, IReadOnlyList<Count> Leads, IReadOnlyList<Count> Specializations,
    IReadOnlyList<Count> VisitHours, IReadOnlyList<Count> Refusals)
{
    public int Days => Period.DaysBetween(First, Last) + 1;
}

/// <summary>Reads the figures of the clinic from the roll-ups.</summary>
sealed class Statistics(NpgsqlDataSource db, EventReader<RollUp> reader, CountRefusals refusals, TimeProvider clock)
{
    /// <summary>The keys of <see cref="Contracts.Figures.Leads"/>, from the soonest to the latest.</summary>
    public static IReadOnlyList<string> LeadKeys => KnownBooking.Leads;

    // It is longer than any transaction of the server. After it, a response that admits to be behind is better than
    // none.
    static readonly TimeSpan MostWait = TimeSpan.FromSeconds(2);

    /// <summary>Returns the totals with every change that was acknowledged before the call.</summary>
    public async Task<Totals> Totals(CancellationToken ct)
    {
        var upToDate = await reader.CatchUp(MostWait, ct);
        var sums = (await db.Statement(Sums)
            .List(row => (Measure: row.GetString(0), Key: row.GetString(1), N: row.GetInt64(2)), ct))
            .ToDictionary(s => (s.Measure, s.Key), s => s.N);
        return new(Users: All(Measures.Accounts), Doctors: One(Measures.Accounts, "doctor"),
            Patients: One(Measures.Accounts, "patient"),
            Bookings: All(Measures.Bookings), CancelledBookings: One(Measures.Bookings, KnownBooking.Cancelled),
            DeclinedBookings: One(Measures.Bookings, KnownBooking.Declined),
            ExpiredBookings: One(Measures.Bookings, KnownBooking.Expired),
            MissedBookings: One(Measures.Bookings, KnownBooking.Missed),
            Slots: One(Measures.Slots, Measures.Published) - One(Measures.Slots, Measures.Closed), upToDate);

        long All(string measure) => sums.Where(s => s.Key.Measure == measure).Sum(s => s.Value);
        long One(string measure, string key) => sums.GetValueOrDefault((measure, key));
    }

    /// <summary>Returns the counts of the last <paramref name="days"/> days, today included, and as many
    /// before.</summary>
    public async Task<Figures> Figures(int days, CancellationToken ct)
    {
        await reader.CatchUp(MostWait, ct);
        await refusals.Flush();
        var last = Clinic.Today(clock);
        var from = last.PlusDays(1 - 2 * days);
        var counts = await db.Statement(Daily).With(from)
            .List(row => (Measure: row.GetString(0), Count: Read(row)), ct);
        return new(last.PlusDays(1 - days), last, Of(Measures.Accounts), Of(Measures.Slots), Of(Measures.Bookings),
            Of(Measures.Leads), Of(Measures.Specializations), Of(Measures.VisitHours),
            await db.Statement(Refusals).With(from).List(Read, ct));

        List<Count> Of(string measure) => [.. counts.Where(c => c.Measure == measure).Select(c => c.Count)];

        static Count Read(NpgsqlDataReader row) =>
            new(row.GetString(1), LocalDate.FromDateOnly(row.GetFieldValue<DateOnly>(2)), row.GetInt64(3));
    }

    const string Sums = """
        select measure, key, sum(n)::bigint from analytics.daily
         where measure in ('accounts', 'bookings', 'slots') group by measure, key
        """;

    const string Daily = "select measure, key, day, n from analytics.daily where day >= $1 and n <> 0 order by day";

    // Servers of the previous version count bookings there too. The roll-up counts those from events.
    const string Refusals = """
        select 'refusals', outcome, day, n from analytics.attempts
         where day >= $1 and outcome not in ('booked', 'replayed') order by day
        """;
}
