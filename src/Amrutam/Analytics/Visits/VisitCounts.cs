using Npgsql;

namespace Amrutam.Analytics.Visits;

/// <summary>Numbers of visits by outcome. A member is null if it is kept back, because it counts fewer than
/// <see cref="Fewest"/> visits of other doctors.</summary>
/// <param name="Kept">Visits that took place or are to come, requests included.</param>
sealed record VisitCounts(long? Kept, long? Cancelled, long? Missed, long? Declined, long? Expired)
{
    /// <summary>A smaller group could identify its patients to a doctor who knows one of them.</summary>
    public const int Fewest = 5;

    /// <summary>Sums of <c>d.n</c>, in the order of the members.</summary>
    public const string Columns = $"""
        coalesce(sum(d.n) filter (where d.outcome = '{KnownBooking.Kept}'), 0)::bigint,
               coalesce(sum(d.n) filter (where d.outcome = '{KnownBooking.Cancelled}'), 0)::bigint,
               coalesce(sum(d.n) filter (where d.outcome = '{KnownBooking.Missed}'), 0)::bigint,
               coalesce(sum(d.n) filter (where d.outcome = '{KnownBooking.Declined}'), 0)::bigint,
               coalesce(sum(d.n) filter (where d.outcome = '{KnownBooking.Expired}'), 0)::bigint
        """;

    public static VisitCounts Read(NpgsqlDataReader row, int from) => new(row.GetInt64(from), row.GetInt64(from + 1),
        row.GetInt64(from + 2), row.GetInt64(from + 3), row.GetInt64(from + 4));

    /// <summary>These counts of other doctors' visits, as a doctor may see them.</summary>
    public VisitCounts WithoutSmallGroups() =>
        new(Shown(Kept), Shown(Cancelled), Shown(Missed), Shown(Declined), Shown(Expired));

    public static VisitCounts operator +(VisitCounts one, VisitCounts other) => new(one.Kept + other.Kept,
        one.Cancelled + other.Cancelled, one.Missed + other.Missed, one.Declined + other.Declined,
        one.Expired + other.Expired);

    static long? Shown(long? n) => n is > 0 and < Fewest ? null : n;
}
