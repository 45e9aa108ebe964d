using Amrutam.Audit.Contracts;
using Amrutam.Platform;

namespace Amrutam.Audit;

/// <summary>The event log: what an admin may ask of it, and what keeps it going.</summary>
static class AuditModule
{
    public static void AddAudit(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<EventLog>();
        builder.Services.AddHostedService<MakePartitions>();
    }

    public static void MapAudit(this IEndpointRouteBuilder routes)
    {
        var admin = routes.MapGroup("/api/admin").RequireAuthorization(Allow.Admin).WithTags("Admin");
        ListEvents.Map(admin);
        FollowEvents.Map(admin);
        var me = routes.MapGroup("/api/me").RequireAuthorization(Allow.SignedIn).WithTags("Accounts");
        ReadAccessLog.Map(me);
    }
}
