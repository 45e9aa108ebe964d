using Amrutam.Analytics.Contracts;
using Amrutam.Analytics.Visits;
using Amrutam.Platform.Http;
using Amrutam.Platform.Modules;
using Amrutam.Platform.OpenApi;

namespace Amrutam.Analytics;

/// <summary>The figures of the clinic: roll-ups of the event log, and the statistics read from them.</summary>
sealed class AnalyticsModule : IModule
{
    public string Name => "Analytics";

    public ApiTerms Terms => AnalyticsTerms.All;

    public bool IsLeaf => true;

    public void Add(ModuleBuilder module)
    {
        module.AddEventReader<RollUp>();
        module.AddEventReader<CountVisits>();
        module.AddInvariants(RollUpInvariants.All);
        module.AddTables(
            new("attempts", NotExported: "numbers by day"),
            new("bookings", NotExported: "bookings without persons"),
            new("daily", NotExported: "numbers by day"),
            new("visit_days", NotExported: "numbers by day", PersonIds: ["doctor_id"]),
            new("visits", NotExported: "bookings without patients", PersonIds: ["doctor_id"]));
        module.Services.AddSingleton<CountRefusals>()
            .AddHostedService(services => services.GetRequiredService<CountRefusals>());
        module.Services.AddSingleton<Statistics>().AddSingleton<VisitFigures>();
    }

    public void Map(IEndpointRouteBuilder routes)
    {
        var admin = routes.MapGroup("/api/admin").RequireAuthorization(Allow.Admin).WithTags("Admin");
        ReadStats.Map(admin);
        var analytics = routes.MapGroup("/api/admin/analytics").WithTags("Admin");
        ReadVisitDays.Map(analytics);
        ReadVisitsByDoctor.Map(analytics);
        ReadVisitsBySpecialization.Map(analytics);
    }
}
