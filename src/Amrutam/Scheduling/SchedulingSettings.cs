using System.ComponentModel.DataAnnotations;

namespace Amrutam.Scheduling;

/// <summary>What other sections say that the calendar goes by, and its own times.</summary>
/// <param name="VerifiedDoctorsOnly">From <c>Doctors:RequireVerification</c>: an unverified doctor's slots cannot be
/// booked.</param>
sealed record SchedulingSettings(bool VerifiedDoctorsOnly, CalendarTimes Times);

/// <summary>How long the calendar waits for people (section <c>Scheduling</c>).</summary>
sealed class CalendarTimes
{
    // Long enough to fill in a form, short enough not to keep others waiting.
    [Range(1, 60)] public int HoldMinutes { get; init; } = 5;

    // Whoever waits for a message looks at it within a quarter of an hour, or not today.
    [Range(1, 24 * 60)] public int OfferMinutes { get; init; } = 15;

    // How soon what is over by the clock is passed on to the next in line.
    [Range(1, 3600)] public int SweepSeconds { get; init; } = 1;
}
