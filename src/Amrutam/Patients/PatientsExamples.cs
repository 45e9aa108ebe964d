using Amrutam.Patients.Desk;
using Amrutam.Patients.Records;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.OpenApi;
using NodaTime;

namespace Amrutam.Patients;

/// <summary>Examples of requests and responses about patients, for OpenAPI.</summary>
static class PatientsExamples
{
    public static readonly RegisterPatient.Request Registration = new("Kamala Devi", new LocalDate(1961, 8, 15),
        Sex: "female", Phone: "098765 43211", City: "Pune", Language: "mr");

    public static readonly RegisterDependant.Request Dependant = new("Mira Rao", Patient.Child,
        new LocalDate(2018, 2, 28), Sex: "female", Consent: new("2026-01", Accepted: true));

    public static readonly DeskPatient Caller = new(Guid.Parse(ExampleValues.Id), Registration.FullName,
        Registration.BirthDate, Age: 64, Registration.Sex, "+919876543211", Registration.City, Registration.Language,
        HasAccount: false, Instant.FromUtc(2026, 1, 4, 9, 12));

    public static readonly Page<DeskPatient> Found = new([Caller], NextCursor: null);
}
