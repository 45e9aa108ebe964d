using System.Collections.Frozen;
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
            ["Patients"] = new(4, "The people whom an account books for: its holder and dependants."),
        }.ToFrozenDictionary(StringComparer.Ordinal),
        Fields = Fields,
    };
}
