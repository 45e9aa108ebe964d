using Amrutam.Doctors.Contracts;
using Amrutam.Doctors.Directory;
using Amrutam.Doctors.Profiles;
using Amrutam.Platform;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.OpenApi;
using Amrutam.Platform.Privacy;

namespace Amrutam.Doctors;

/// <summary>Profiles of doctors, their verification, and the directory that patients search.</summary>
sealed class DoctorsModule : IModule
{
    public string Name => "Doctors";

    public ApiTerms Terms => DoctorsTerms.All;

    public void Add(WebApplicationBuilder builder)
    {
        var settings = builder.AddSettings<DoctorsSettings>("Doctors");
        builder.AddJson(DoctorsJson.Default);
        builder.Services.AddSingleton<DoctorsToVerify>();
        builder.Services.AddSingleton<IPersonalData, ProfilePersonalData>();
        builder.Services.AddSingleton(
            new DoctorsShown(settings.RequireVerification ?? !builder.Environment.IsDevelopment()));
    }

    public void Map(WebApplication routes)
    {
        var doctors = routes.MapGroup("/api/doctors").WithTags("Doctors");
        CreateProfile.Map(doctors);
        ReadOwnProfile.Map(doctors);
        ChangeProfile.Map(doctors);
        ListDoctors.Map(doctors);
        ReadDoctor.Map(doctors);
        VerifyDoctor.Map(routes.MapGroup("/api/admin/doctors").WithTags("Admin"));
    }
}
