using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Doctors.Profiles;

/// <summary>The checks of a profile's fields, the same for a new profile and for a change.</summary>
static class ProfileValidation
{
    public const string DefaultCurrency = Fees.DefaultCurrency, DefaultTimeZone = "Asia/Kolkata";
    public const int MaxSpecialization = 100, MaxBio = 2000, MaxFullName = 200;
    public const int MaxRegistrationNumber = 50, MaxRegistrationCouncil = 100, MaxLanguages = 10;

    /// <summary>The columns that a verification vouches for.</summary>
    public static readonly string[] VerifiedFields =
        ["full_name", "specialization", "experience", "registration_number", "registration_council"];

    // Longer than any career.
    public const int MaxExperience = 80;

    public const int MaxFeeMinor = Fees.MaxMinor;

    public static string? Specialization(RequestValidation fields, string? value) =>
        fields.Name("specialization", value, MaxSpecialization, required: true);

    public static string? Bio(RequestValidation fields, string? value) =>
        fields.Text("bio", value, MaxBio, required: true);

    public static string? FullName(RequestValidation fields, string? value) =>
        fields.Name("full_name", value, MaxFullName, required: true);

    public static string? RegistrationNumber(RequestValidation fields, string? value) =>
        fields.Name("registration_number", value, MaxRegistrationNumber);

    public static string? RegistrationCouncil(RequestValidation fields, string? value) =>
        fields.Name("registration_council", value, MaxRegistrationCouncil);

    public static int? Experience(RequestValidation fields, int? years)
    {
        fields.Refuse(years is null, "experience", "is required");
        fields.Refuse(years is < 0 or > MaxExperience, "experience", $"must be from 0 to {MaxExperience} years");
        return years;
    }

    public static int? Fee(RequestValidation fields, int? minor)
    {
        fields.Refuse(minor is < 0 or > MaxFeeMinor, "fee_minor", $"must be from 0 to {MaxFeeMinor}");
        return minor;
    }

    public static string? Currency(RequestValidation fields, string? code)
    {
        fields.Refuse(code is null || !Fees.IsCurrency(code), "currency", "must be an ISO 4217 code, as INR");
        return code;
    }

    /// <returns>The present name of the zone, also when a former one was given.</returns>
    public static string? TimeZone(RequestValidation fields, string? id)
    {
        var zone = id is null ? null : TimeZones.Canonical(id);
        fields.Refuse(zone is null, "time_zone",
            "must be an IANA zone, as Asia/Kolkata; abbreviations such as IST name several");
        return zone;
    }

    /// <summary>The problem for a profile that the database refused, or null for another error.</summary>
    public static ProblemHttpResult? ProblemOf(PostgresException e) =>
        e.ConstraintName == "one_doctor_per_registration" ? DoctorsProblems.OneDoctorPerRegistration.Because() : null;

    /// <returns>The codes, each once, in the order given; none for null.</returns>
    public static string[] Languages(RequestValidation fields, IReadOnlyList<string?>? given)
    {
        if (given is null) return [];
        fields.Refuse(given.Count > MaxLanguages, "languages", $"has more than {MaxLanguages}");
        var codes = given.Take(MaxLanguages).Select(Amrutam.Doctors.Profiles.Languages.Code).ToList();
        fields.Refuse(codes.Contains(null), "languages", "must be codes or names of languages, as hi or Hindi");
        return [.. codes.OfType<string>().Distinct(StringComparer.Ordinal)];
    }
}
