namespace Amrutam.Doctors.Contracts;

/// <summary>The section <c>Doctors</c>.</summary>
sealed class DoctorsSettings
{
    /// <summary>Whether only verified doctors are shown and booked; by default everywhere but in
    /// Development.</summary>
    public bool? RequireVerification { get; init; }
}

/// <summary>The doctors that are shown and booked: all of them, or only the verified.</summary>
sealed record DoctorsShown(bool VerifiedOnly);
