using Amrutam.Audit.Contracts;
using Amrutam.Platform;
using Amrutam.Platform.Telemetry;

namespace Amrutam.Audit;

/// <summary>The event log: what an admin may ask of it, and what keeps it going.</summary>
static class AuditModule
{
    public static void AddAudit(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<EventLog>();
        builder.Services.AddSingleton<IPersonalData, EventsOfAPerson>();
        builder.Services.AddHostedService<MakePartitions>();
        builder.Services.AddSingleton(new VitalSign("amrutam.audit.partitions_ahead", "{month}",
            "Months after this one for which the event log has a partition", Label: null, MakePartitions.CountAhead));
    }

    public static void MapAudit(this IEndpointRouteBuilder routes)
    {
        var admin = routes.MapGroup("/api/admin").RequireAuthorization(Allow.Admin).WithTags("Admin");
        ListEvents.Map(admin);
    }
}
