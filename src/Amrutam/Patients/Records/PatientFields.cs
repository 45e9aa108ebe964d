using System.Text.RegularExpressions;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using NodaTime;

namespace Amrutam.Patients.Records;

/// <summary>The fields of a patient's record in the form that is stored.</summary>
sealed partial record PatientFields(string? FullName, LocalDate? BirthDate, int? AgeYears, string? Sex, string? Phone,
    string? City, string? Language, string? EmergencyName, string? EmergencyPhone)
{
    public const int MaxName = 200, MaxCity = 100, MaxAge = 130;

    /// <summary>Reads the fields of a request, and collects its errors.</summary>
    public static PatientFields Read(RequestValidation fields, string? fullName, LocalDate? birthDate, int? ageYears,
        string? sex, string? phone, string? city, string? language, Patient.Contact? emergency, string region)
    {
        // A birthday may be today anywhere on earth.
        var today = SystemClock.Instance.GetCurrentInstant().InUtc().Date.PlusDays(1);
        fields.Refuse(birthDate > today, "birth_date", "must not be in the future")
            .Refuse(ageYears is < 0 or > MaxAge, "age_years", $"must be 0 to {MaxAge}")
            .Refuse(birthDate is not null && ageYears is not null, "age_years", "is not given beside birth_date")
            .OneOf("sex", sex, Patient.Sexes)
            .Refuse(language is not null && !Tag().IsMatch(language), "language", "must be a language code, as hi");
        return new(fields.Name("full_name", fullName, MaxName, required: true), birthDate, ageYears, sex,
            Number(fields, "phone", phone, region), fields.Name("city", city, MaxCity), language,
            fields.Name("emergency_contact.name", emergency?.Name, MaxName, required: emergency is not null),
            Number(fields, "emergency_contact.phone", emergency?.Phone, region, required: emergency is not null));
    }

    static string? Number(RequestValidation fields, string field, string? text, string region, bool required = false)
    {
        if (fields.Text(field, text, PhoneNumber.MaxLength, required) is not { } written) return null;
        var number = PhoneNumber.Parse(written, region);
        fields.Refuse(number is null, field, PhoneNumber.Rule);
        return number;
    }

    /// <summary>Gives the fields to a statement, in their order.</summary>
    public Statement Bind(Statement statement) => statement.With(FullName).With(BirthDate).With(AgeYears).With(Sex)
        .With(Phone).With(City).With(Language).With(EmergencyName).With(EmergencyPhone);

    [GeneratedRegex("^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Tag();
}
