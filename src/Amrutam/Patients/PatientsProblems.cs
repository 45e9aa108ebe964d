using Amrutam.Platform.Http.Problems;

namespace Amrutam.Patients;

/// <summary>The problems of patients' records.</summary>
static class PatientsProblems
{
    public static readonly Problem PatientIsKnown = new(409, "patient_is_known",
        "A patient with this phone and birthday is registered; see patients, or send is_another_person");
}
