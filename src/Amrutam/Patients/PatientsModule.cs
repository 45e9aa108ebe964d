using Amrutam.Patients.Desk;
using Amrutam.Patients.Privacy;
using Amrutam.Patients.Records;
using Amrutam.Patients.Transfer;
using Amrutam.Platform.Http;
using Amrutam.Platform.Modules;
using Amrutam.Platform.OpenApi;

namespace Amrutam.Patients;

/// <summary>The people who come to the clinic: an account's own record, its dependants, and callers.</summary>
sealed class PatientsModule : IModule
{
    public string Name => "Patients";

    public ApiTerms Terms => PatientsTerms.All;

    public void Add(ModuleBuilder module)
    {
        module.AddSettings<PatientsLimits>("Limits");
        module.AddSettings<PatientsSettings>("Patients");
        module.AddPersonalData<PatientPersonalData>();
        module.AddImportedFile<ImportPatients>();
        module.AddTables(
            new("consents", ExportedAs: "consents", Grows: true),
            new("guardians", ExportedAs: "patients", Grows: true),
            new("patients", ExportedAs: "patients", Grows: true));
    }

    public void Map(IEndpointRouteBuilder routes)
    {
        var own = routes.MapGroup("/api/me/patients").RequireAuthorization(Allow.Patient).WithTags("Patients");
        ListPatients.Map(own);
        RegisterDependant.Map(own);

        var desk = routes.MapGroup("/api/patients").RequireAuthorization(Allow.Desk).WithTags("Front desk");
        SearchPatients.Map(desk);
        RegisterPatient.Map(desk);
    }
}
