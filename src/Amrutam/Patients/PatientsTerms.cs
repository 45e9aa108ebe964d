using System.Collections.Frozen;
using Amrutam.Patients.Desk;
using Amrutam.Patients.Records;
using Amrutam.Platform.OpenApi;

namespace Amrutam.Patients;

/// <summary>The words of patients in the API's description.</summary>
static class PatientsTerms
{
    static readonly Dictionary<string, Field> Fields = new(StringComparer.Ordinal)
    {
        ["Patient.id"] = new("The patient. The own record has the account's id."),
        ["Patient.full_name"] = new("The patient's name; null while it is not known.", "Asha Rao"),
        ["PatientSummary.id"] = new("The patient."),
        ["PatientSummary.full_name"] = new("The patient's name; null while it is not known.", "Asha Rao"),
        ["age"] = new("The age in completed years; null if unknown.", 8) { Minimum = 0, Maximum = 130 },
        ["DeskPatient.id"] = new("The patient."),
        ["DeskPatient.full_name"] = new("The patient's name; null while it is not known.", "Kamala Devi"),
        ["RegisterPatientRequest.full_name"] = new("The patient's name.", "Kamala Devi")
        {
            MaxLength = PatientFields.MaxName,
        },
        ["RegisterPatientRequest.phone"] = new("The phone number in any notation; without a country it is India's.",
            "098765 43211")
        {
            MaxLength = PhoneNumber.MaxLength,
        },
        ["RegisterDependantRequest.full_name"] = new("The patient's name.", "Mira Rao")
        {
            MaxLength = PatientFields.MaxName,
        },
        ["RegisterDependantRequest.relation"] = new("The relation to the caller.", Patient.Child)
        {
            Words = RegisterDependant.Relations,
        },
        ["RegisterDependantRequest.phone"] = new("The phone number in any notation; without a country it is India's.",
            "098765 43211")
        {
            MaxLength = PhoneNumber.MaxLength,
        },
        ["consent"] = new("The guardian's consent, which a patient under 18 needs."),
        ["text_version"] = new("The version of the text that the guardian read.", "2026-01")
        {
            MaxLength = RegisterDependant.MaxTextVersion,
        },
        ["accepted"] = new("Whether the guardian accepts the text."),
        ["has_account"] = new("Whether it is the own record of an account."),
        ["is_another_person"] = new("Whether to register although others have the same phone and birthday."),
        ["searchPatients.q"] = new("A part of the name or the phone, or a date of birth.", "kamala")
        {
            MaxLength = SearchPatients.Longest,
        },
        ["relation"] = new("The relation of the patient to the account's holder.", Patient.Child)
        {
            Words = Patient.Relations,
        },
        ["birth_date"] = new("The date of birth.", "2018-02-28") { Format = "date" },
        ["age_years"] = new("The age in completed years.", 8) { Minimum = 0, Maximum = 130 },
        ["age_said_on"] = new("The day on which the age was said; null with a date of birth.") { Format = "date" },
        ["sex"] = new("The sex.", "female") { Words = Patient.Sexes },
        ["phone"] = new("The phone number in E.164.", "+919876543210"),
        ["city"] = new("The city.", "Pune"),
        ["language"] = new("The preferred language, as a BCP 47 code.", "hi"),
        ["emergency_contact"] = new("The person to call in an emergency."),
        ["EmergencyContact.name"] = new("The contact's name.", "Ravi Rao"),
    };

    public static readonly ApiTerms All = new()
    {
        Tags = new Dictionary<string, ApiTag>(StringComparer.Ordinal)
        {
            ["Patients"] = new(5, "The people whom an account books for: its holder and dependants."),
        }.ToFrozenDictionary(StringComparer.Ordinal),
        Fields = Fields,
        Extensions =
        [
            new("Problem", "patients", "The registered patients with the same phone and birthday.",
                typeof(DeskPatient), IsList: true),
        ],
    };
}
