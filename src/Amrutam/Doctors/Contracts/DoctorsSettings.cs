namespace Amrutam.Doctors.Contracts;

/// <summary>The section <c>Doctors</c>.</summary>
sealed class DoctorsSettings
{
    /// <summary>Whether a doctor is seen and booked only once an administrator has verified them; not given: everywhere
    /// but in Development.</summary>
    public bool? RequireVerification { get; init; }
}

/// <summary>Who is seen and booked: every doctor, or the verified alone.</summary>
sealed record DoctorsShown(bool VerifiedOnly);
