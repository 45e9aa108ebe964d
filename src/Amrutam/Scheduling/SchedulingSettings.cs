using System.ComponentModel.DataAnnotations;

namespace Amrutam.Scheduling;

/// <summary>The calendar's own times and the setting of another section that it shares.</summary>
/// <param name="VerifiedDoctorsOnly">From <c>Doctors:RequireVerification</c>: an unverified doctor's slots cannot be
/// booked.</param>
sealed record SchedulingSettings(bool VerifiedDoctorsOnly, CalendarTimes Times);

/// <summary>The calendar's deadlines (section <c>Scheduling</c>).</summary>
sealed class CalendarTimes
{
    // Long enough to fill in a form, short enough not to keep others waiting.
    [Range(1, 60)] public int HoldMinutes { get; init; } = 5;

    // A waiting patient reads a message within a quarter of an hour, or not that day.
    [Range(1, 24 * 60)] public int OfferMinutes { get; init; } = 15;

    // Check-in, start and completion are possible from then on: patients come early, but not on another day.
    [Range(0, 7 * 24 * 60)] public int VisitOpensMinutes { get; init; } = 60;

    // The delay after which an expired hold, request or offer goes to the next in line.
    [Range(1, 3600)] public int SweepSeconds { get; init; } = 1;
}
