using Amrutam.Analytics.Contracts;
using Amrutam.Platform;
using Amrutam.Platform.EventLog;
using Amrutam.Platform.Http;
using Amrutam.Platform.Invariants;

namespace Amrutam.Analytics;

/// <summary>The figures of the clinic: roll-ups of the event log, and the statistics read from them.</summary>
sealed class AnalyticsModule : IModule
{
    public string Name => "Analytics";

    public void Add(WebApplicationBuilder builder)
    {
        builder.Services.AddEventReader<RollUp>();
        builder.Services.AddInvariants(RollUpInvariants.All);
        builder.Services.AddSingleton<CountRefusals>();
        builder.Services.AddHostedService(services => services.GetRequiredService<CountRefusals>());
        builder.Services.AddSingleton<Statistics>();
    }

    public void Map(WebApplication routes)
    {
        var admin = routes.MapGroup("/api/admin").RequireAuthorization(Allow.Admin).WithTags("Admin");
        ReadStats.Map(admin);
    }
}
