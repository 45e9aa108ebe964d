using Amrutam.Analytics.Contracts;
using Amrutam.Platform;
using Amrutam.Platform.EventLog;
using Amrutam.Platform.Http;
using Amrutam.Platform.Invariants;
using Amrutam.Platform.OpenApi;

namespace Amrutam.Analytics;

/// <summary>The clinic in numbers: roll-ups from events, and the statistics read from them.</summary>
sealed class AnalyticsModule : IModule
{
    public string Name => "Analytics";

    public ApiTerms Terms => AnalyticsTerms.All;

    public void Add(WebApplicationBuilder builder)
    {
        builder.Services.AddEventReader<RollUp>();
        builder.Services.AddInvariants(RollUpInvariants.All);
        builder.Services.AddSingleton<CountAttempts>();
        builder.Services.AddHostedService(services => services.GetRequiredService<CountAttempts>());
        builder.Services.AddSingleton<Statistics>();
    }

    public void Map(WebApplication routes)
    {
        var admin = routes.MapGroup("/api/admin").RequireAuthorization(Allow.Admin).WithTags("Admin");
        ReadStats.Map(admin);
    }
}
