using System.Runtime.InteropServices;
using Amrutam.Platform.EventLog;
using NodaTime;

namespace Amrutam.Analytics;

/// <summary>One count of a day.</summary>
readonly record struct Mark(string Measure, string Key, LocalDate Day);

/// <summary>The sums of additions to and subtractions from each count.</summary>
sealed class Tally
{
    readonly Dictionary<Mark, long> _sums = [];

    /// <summary>The counts whose sum is not zero.</summary>
    public List<KeyValuePair<Mark, long>> Changed => [.. _sums.Where(c => c.Value != 0)];

    public void Add(string measure, string key, LocalDate day, long n) =>
        CollectionsMarshal.GetValueRefOrAddDefault(_sums, new(measure, key, day), out _) += n;
}

/// <summary>A booking as the roll-ups know it, and the counts that it adds to.</summary>
/// <remarks>
/// A booking always counts on the day it was made, so the bars of a day show how that day's bookings ended. A change
/// subtracts the old counts and adds the new ones.
/// </remarks>
sealed record KnownBooking(Guid Id, LocalDate BookedOn, Instant StartsAt, string Lead, string Specialization,
    string Outcome)
{
    public const string Kept = "kept", Cancelled = "cancelled", Declined = "declined", Expired = "expired",
        Missed = "missed";

    /// <summary>The times between booking and visit, in the order of the chart.</summary>
    public static readonly string[] Leads = ["same_hour", "same_day", "next_day", "two_to_three_days",
        "four_to_seven_days", "later"];

    // Made once, because nearly every booking needs one.
    static readonly string[] VisitHours = [.. Enumerable.Range(0, 8 * 24).Select(hour => $"{hour / 24}-{hour % 24}")];

    /// <summary>Adds <paramref name="n"/> to each count of this booking. Only a booking that was kept or missed counts
    /// by its hour.</summary>
    public void AddTo(Tally tally, long n)
    {
        tally.Add(Measures.Bookings, Outcome, BookedOn, n);
        tally.Add(Measures.Leads, Lead, BookedOn, n);
        tally.Add(Measures.Specializations, Specialization, BookedOn, n);
        if (Outcome is not (Kept or Missed)) return;
        var visit = StartsAt.InZone(Clinic.Zone);
        tally.Add(Measures.VisitHours, VisitHours[(int)visit.DayOfWeek * 24 + visit.Hour], BookedOn, n);
    }

    public static string LeadOf(Instant bookedAt, Instant startsAt)
    {
        if (startsAt - bookedAt <= Duration.FromHours(1)) return Leads[0];
        var days = Period.DaysBetween(bookedAt.InZone(Clinic.Zone).Date, startsAt.InZone(Clinic.Zone).Date);
        return Leads[days switch { 0 => 1, 1 => 2, <= 3 => 3, <= 7 => 4, _ => 5 }];
    }
}

/// <summary>The meaning of the events of a booking for its counts.</summary>
static class BookingEvents
{
    public static bool IsNew(this Event e) => e.Action is "bookings.booked" or "bookings.requested";

    /// <summary>The outcome of a booking after this action; null for an action that changes no count.</summary>
    public static string? OutcomeAfter(string action) => action switch
    {
        "bookings.booked" or "bookings.requested" or "bookings.moved" or "bookings.completed" or "bookings.undone" =>
            KnownBooking.Kept,
        "bookings.cancelled" => KnownBooking.Cancelled,
        "bookings.declined" => KnownBooking.Declined,
        "bookings.expired" => KnownBooking.Expired,
        "bookings.no_show" => KnownBooking.Missed,
        _ => null,
    };

    public static Guid DoctorId(this Event e) => e.Detail("doctor_id"u8).GetGuid();

    public static Instant StartsAt(this Event e) =>
        Instant.FromDateTimeOffset(e.Detail("starts_at"u8).GetDateTimeOffset());
}

/// <summary>The measures of <c>analytics.daily</c>.</summary>
static class Measures
{
    public const string Accounts = "accounts", Slots = "slots", Bookings = "bookings", Leads = "leads",
        Specializations = "specializations", VisitHours = "visit_hours";

    /// <summary>Keys of <see cref="Slots"/>: both only rise; the slots that exist are the difference.</summary>
    public const string Published = "published", Closed = "closed";
}
