using System.ComponentModel.DataAnnotations;

namespace Amrutam.Patients;

/// <summary>The settings of patients' records (section <c>Patients</c>).</summary>
sealed class PatientsSettings
{
    /// <summary>The country of phone numbers that are given without one, in ISO 3166-1 (alpha-2).</summary>
    [RegularExpression("[A-Z]{2}", ErrorMessage = "must be a country of two capital letters, as IN")]
    public string PhoneRegion { get; init; } = "IN";
}
