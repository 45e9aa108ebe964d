using System.ComponentModel.DataAnnotations;

namespace Amrutam.Patients;

/// <summary>The limits of patients' records (section <c>Limits</c>). 0 lifts a limit.</summary>
sealed class PatientsLimits
{
    // More than any family has; an account with hundreds of them would be a clinic's own.
    [Range(0, int.MaxValue)] public int DependantsPerAccount { get; init; } = 20;

    // Per minute. A busy desk finds a caller every few seconds; a script would copy the whole list.
    [Range(0, int.MaxValue)] public int PatientSearchesPerAccount { get; init; } = 60;
}
