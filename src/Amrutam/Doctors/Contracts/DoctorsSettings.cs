namespace Amrutam.Doctors.Contracts;

/// <summary>The section <c>Doctors</c>.</summary>
sealed class DoctorsSettings
{
    /// <summary>True to show and book only verified doctors; by default everywhere but in Development.</summary>
    public bool? RequireVerification { get; init; }
}

/// <summary>The doctors that are shown and booked: all of them, or only the verified.</summary>
sealed record DoctorsShown(bool VerifiedOnly);
