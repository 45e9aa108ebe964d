using NodaTime;

namespace Amrutam.Analytics;

/// <summary>One that a day adds to a count.</summary>
readonly record struct Mark(string Measure, string Key, LocalDate Day);

/// <summary>What the roll-ups know of a booking, and what it counts for.</summary>
/// <remarks>
/// It counts on the day it was made, whatever becomes of it, so that a chart's day is of one age: its bars say how the
/// bookings of that day ended. A change takes the old marks back and sets the new ones.
/// </remarks>
sealed record KnownBooking(Guid Id, LocalDate BookedOn, Instant StartsAt, string Lead, string Specialization,
    string Outcome)
{
    public const string Kept = "kept", Cancelled = "cancelled", Missed = "missed";

    /// <summary>How far ahead patients book, in the order of the chart.</summary>
    public static readonly string[] Leads = ["same_hour", "same_day", "next_day", "two_to_three_days",
        "four_to_seven_days", "later"];

    public IEnumerable<Mark> Marks()
    {
        var visit = StartsAt.InZone(Clinic.Zone);
        yield return new(Measures.Bookings, Outcome, BookedOn);
        yield return new(Measures.Leads, Lead, BookedOn);
        yield return new(Measures.Specializations, Specialization, BookedOn);
        if (Outcome != Cancelled) yield return new(Measures.VisitHours, $"{(int)visit.DayOfWeek}-{visit.Hour}",
            BookedOn);
    }

    public static string LeadOf(Instant bookedAt, Instant startsAt)
    {
        if (startsAt - bookedAt <= Duration.FromHours(1)) return Leads[0];
        var days = Period.DaysBetween(bookedAt.InZone(Clinic.Zone).Date, startsAt.InZone(Clinic.Zone).Date);
        return Leads[days switch { 0 => 1, 1 => 2, <= 3 => 3, <= 7 => 4, _ => 5 }];
    }
}

/// <summary>The names of what is counted in <c>analytics.daily</c>.</summary>
static class Measures
{
    public const string Accounts = "accounts", Slots = "slots", Bookings = "bookings", Leads = "leads",
        Specializations = "specializations", VisitHours = "visit_hours";

    /// <summary>Keys of <see cref="Slots"/>: both only rise, and what is on offer is the difference.</summary>
    public const string Published = "published", Closed = "closed";
}
