using System.Collections.Frozen;
using Amrutam.Doctors.Directory;
using Amrutam.Doctors.Profiles;
using Amrutam.Identity.Contracts;
using Amrutam.Platform.OpenApi;

namespace Amrutam.Doctors;

/// <summary>The words of profiles and the directory in the API's description.</summary>
static class DoctorsTerms
{
    static readonly Dictionary<string, Field> Fields = new(StringComparer.Ordinal)
    {
        ["user_id"] = new("The doctor's account, the same as `id`."),
        ["specialization"] = new("The field of medicine.", "Ayurveda"),
        ["CreateProfileRequest.specialization"] = new() { MaxLength = ProfileValidation.MaxSpecialization },
        ["ChangeProfileRequest.specialization"] = new() { MaxLength = ProfileValidation.MaxSpecialization },
        ["experience"] = new("Years of practice.", 12) { Minimum = 0, Maximum = ProfileValidation.MaxExperience },
        ["bio"] = new("A description for patients.", "Sees patients with chronic pain.")
        {
            MaxLength = ProfileValidation.MaxBio,
        },
        ["languages"] = new("The languages of the consultation, as BCP 47 codes.", new[] { "hi", "en" })
        {
            MaxItems = ProfileValidation.MaxLanguages,
        },
        ["fee_minor"] = new("The fee in the smallest unit of the currency.", 50000)
        {
            Minimum = 0, Maximum = ProfileValidation.MaxFeeMinor,
        },
        ["currency"] = new("The currency of the fee (ISO 4217).", ProfileValidation.DefaultCurrency),
        ["registration_number"] = new("The number in the medical register.", "KA-2011-04567")
        {
            MaxLength = ProfileValidation.MaxRegistrationNumber,
        },
        ["registration_council"] = new("The council that gave the registration number.", "Karnataka Medical Council")
        {
            MaxLength = ProfileValidation.MaxRegistrationCouncil,
        },
        ["pending_changes"] = new("New values that wait for an admin. Only the doctor and admins see them."),
        ["requested_at"] = new("The instant of the change that waits."),
        ["accept_changes"] = new("Whether pending changes count. False drops them."),
        ["time_zone"] = new("The IANA time zone of the doctor's wall clock.", ProfileValidation.DefaultTimeZone),
        ["Doctor.verified"] = new("Whether an admin checked the registration."),
        ["VerifyDoctorRequest.verified"] = new("Whether the registration was checked and is good."),
        ["verification_note"] = new("The reason that the admin gave. Only the doctor and admins see it."),
        ["next_open_slot_at"] = new("The start of the first open slot; null if there is none."),
        ["listDoctors.q"] = new("Words of the name, specialization, languages or description, also misspelt.",
            "ayurveda")
        {
            MaxLength = ListDoctors.MaxText,
        },
        ["listDoctors.specialization"] = new("Words of the specialization.", "Ayurveda")
        {
            MaxLength = ProfileValidation.MaxSpecialization,
        },
        ["listDoctors.language"] = new("A BCP 47 code, or the name of a language.", "hi"),
        ["listDoctors.max_fee_minor"] = new("The highest fee. Doctors without a fee are left out.", 80000)
        {
            Minimum = 0,
        },
        ["listDoctors.currency"] = new("Only fees in this currency. Without it, fees compare as numbers.", "INR"),
        ["listDoctors.available_on"] = new("A date in the doctor's time zone with an open slot.", "2030-01-07")
        {
            Format = "date",
        },
        ["listDoctors.visit_type_id"] = new("Doctors who offer this kind of visit. Fees and slots are those of it."),
        ["Doctor.visit_type"] = new("The kind of visit that was asked for, with its price."),
        ["listDoctors.sort"] = new("The order. The default is `relevance` with `q`, and `name` without.", "soonest")
        {
            Words = ListDoctors.Sorts,
        },
    };

    public static readonly ApiTerms All = new()
    {
        Tags = new Dictionary<string, ApiTag>(StringComparer.Ordinal)
        {
            ["Doctors"] = new(2, "The directory of doctors, and a doctor's own profile."),
        }.ToFrozenDictionary(StringComparer.Ordinal),
        ExampleIds = new Dictionary<string, Guid>(StringComparer.Ordinal)
        {
            ["/api/doctors/{id}"] = ExampleAccounts.Doctor, ["/api/admin/doctors/{id}"] = ExampleAccounts.Doctor,
        },
        Fields = Fields,
    };
}
