using Amrutam.Doctors.Contracts;
using Amrutam.Platform;

namespace Amrutam.Doctors;

/// <summary>Profiles of doctors, their verification, and the directory that patients search.</summary>
static class DoctorsModule
{
    public static void AddDoctors(this WebApplicationBuilder builder)
    {
        var settings = builder.AddSettings<DoctorsSettings>("Doctors");
        builder.AddJson(DoctorsJson.Default);
        builder.Services.AddSingleton<DoctorsToVerify>();
        builder.Services.AddSingleton<IPersonalData, ProfileOfAPerson>();
        builder.Services.AddSingleton(
            new DoctorsShown(settings.RequireVerification ?? !builder.Environment.IsDevelopment()));
    }

    public static void MapDoctors(this IEndpointRouteBuilder routes)
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
