using Amrutam.Platform.Http.Problems;

namespace Amrutam.Patients;

/// <summary>The problems of patients' records.</summary>
static class PatientsProblems
{
    public static readonly Problem GuardianConsentRequired = new(422, "guardian_consent_required",
        "The patient is under 18: send the guardian's consent");
    public static readonly Problem DependantIsKnown = new(409, "dependant_is_known",
        "You have a dependant of this name and birthday; see your patients");
    public static readonly Problem TooManyDependants =
        new(422, "too_many_dependants", "You have reached the limit of dependants; ask the clinic") { IsLimit = true };
    public static readonly Problem PatientIsKnown = new(409, "patient_is_known",
        "A patient with this phone and birthday is registered; see patients, or send is_another_person");
}
