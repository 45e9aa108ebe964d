using Amrutam.Doctors.Contracts;
using Amrutam.Doctors.Directory;
using Amrutam.Doctors.Profiles;
using Amrutam.Doctors.Transfer;
using Amrutam.Platform.Http;
using Amrutam.Platform.Modules;
using Amrutam.Platform.OpenApi;

namespace Amrutam.Doctors;

/// <summary>Profiles of doctors, their verification, and the directory that patients search.</summary>
sealed class DoctorsModule : IModule
{
    public string Name => "Doctors";

    public ApiTerms Terms => DoctorsTerms.All;

    public void Add(ModuleBuilder module)
    {
        var settings = module.AddSettings<DoctorsSettings>("Doctors");
        module.AddSettings<DoctorsLimits>("Limits");
        module.AddJson(DoctorsJson.Default);
        module.AddPersonalData<ProfilePersonalData>();
        module.AddImportedFile<ImportDoctors>();
        module.AddTables(
            new("profiles", ExportedAs: "doctor_profile", Grows: true),
            new("words", NotExported: "words of all profiles together, without their owners"));
        module.Services.AddSingleton<DoctorsToVerify>().AddSingleton<SpecializationLookup>()
            .AddSingleton<DoctorsOfVisitType>();
        module.Services.AddSingleton(
            new DoctorsShown(settings.RequireVerification ?? !module.Environment.IsDevelopment()));
    }

    public void Map(IEndpointRouteBuilder routes)
    {
        var doctors = routes.MapGroup("/api/doctors").WithTags("Doctors");
        var own = doctors.MapGroup("/profile").RequireAuthorization(Allow.Doctor);
        CreateProfile.Map(own);
        ReadOwnProfile.Map(own);
        ChangeProfile.Map(own);
        ListDoctors.Map(doctors);
        ReadDoctor.Map(doctors);
        VerifyDoctor.Map(routes.MapGroup("/api/admin/doctors").RequireAuthorization(Allow.Admin).WithTags("Admin"));
    }
}
