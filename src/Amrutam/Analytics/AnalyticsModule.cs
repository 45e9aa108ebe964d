using Amrutam.Analytics.Contracts;
using Amrutam.Platform;

namespace Amrutam.Analytics;

/// <summary>The clinic in numbers: roll-ups from events, and the statistics read from them.</summary>
static class AnalyticsModule
{
    public static void AddAnalytics(this WebApplicationBuilder builder)
    {
        builder.Services.AddEventReader<RollUp>();
        builder.Services.AddInvariants(RulesOfTheRollUp.All);
        builder.Services.AddSingleton<CountAttempts>();
        builder.Services.AddHostedService(services => services.GetRequiredService<CountAttempts>());
        builder.Services.AddSingleton<Statistics>();
    }

    public static void MapAnalytics(this IEndpointRouteBuilder routes)
    {
        var admin = routes.MapGroup("/api/admin").RequireAuthorization(Allow.Admin).WithTags("Admin");
        ReadStats.Map(admin);
    }
}
