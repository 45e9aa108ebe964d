namespace Amrutam.Scheduling;

/// <summary>What other sections say that the calendar goes by.</summary>
/// <param name="VerifiedDoctorsOnly">From <c>Doctors:RequireVerification</c>: an unverified doctor's slots cannot be
/// booked.</param>
sealed record SchedulingSettings(bool VerifiedDoctorsOnly);
