using Amrutam.Audit.Contracts;
using Amrutam.Audit.Reading;
using Amrutam.Audit.Retention;
using Amrutam.Audit.Sealing;
using Amrutam.Platform.Http;
using Amrutam.Platform.Modules;
using Amrutam.Platform.OpenApi;
using Npgsql;

namespace Amrutam.Audit;

/// <summary>The event log: its routes for admins, its jobs, and the seals that show changes of it.</summary>
sealed partial class AuditModule : IModule
{
    public string Name => "Audit";

    public ApiTerms Terms => AuditTerms.All;

    public bool IsLeaf => true;

    public void Add(ModuleBuilder module)
    {
        module.AddSettings<AuditSettings>("Audit");
        module.AddJob<MakePartitions>();
        module.AddJob<RetireMonths>();
        module.AddJob<SealLog>();
        module.AddJob<CheckLog>();
        module.AddPersonalData<EventPersonalData>();
        module.AddEncryptedSecrets<EncryptedLogKeys>();
        AddTables(module);
        AddGauges(module);
        module.AddStartWarning(services => services.GetService<Checkpoints>() is null, LogNowhere);
        module.Services.AddSingleton<EventLog>().AddSingleton<LogKeys>().AddSingleton<SealState>()
            .AddSingleton<ReadVerification>();
        module.Services.AddSingleton(services =>
            new VerifyLog(services.GetRequiredService<NpgsqlDataSource>(), services.GetService<Checkpoints>()));
        if (AuditSettings.Folder(module.Configuration) is not { } folder) return;
        module.Services.AddSingleton(new Checkpoints(folder));
        module.AddGauge(new("amrutam.audit.unpublished_age", "s",
            "Age of the oldest seal that is missing in the folder of checkpoints", Label: null,
            SealLog.ReadUnpublishedAge));
    }

    static void AddTables(ModuleBuilder module) => module.AddTables(
        new("events", ExportedAs: "events", Grows: true),
        new("retired_events", ExportedAs: "events"),
        new("seal_keys", NotExported: "keys of the installation", Secrets: Table.All),
        new("seals", NotExported: "of the installation"),
        new("verification", NotExported: "of the installation"));

    static void AddGauges(ModuleBuilder module)
    {
        module.AddGauge(new("amrutam.audit.seal_age", "s",
            "How long the oldest event has waited for its seal", Label: null, SealLog.ReadAge));
        module.AddGauge(new("amrutam.audit.log_broken", "{log}",
            "1 when the last check found that the event log differs from its seals", Label: null,
                CheckLog.ReadViolation));
        module.AddGauge(new("amrutam.audit.partitions_ahead", "{month}",
            "Months after this one for which the event log has a partition", Label: null, MakePartitions.CountAhead));
    }

    public void Map(IEndpointRouteBuilder routes)
    {
        var admin = routes.MapGroup("/api/admin").RequireAuthorization(Allow.Admin).WithTags("Admin");
        ListEvents.Map(admin);
        ReadVerification.Map(admin);
        ProveEvent.Map(admin);
        PublishSealKeys.Map(routes);
        FollowEvents.Map(admin);
        var me = routes.MapGroup("/api/me").RequireAuthorization(Allow.SignedIn).WithTags("Accounts");
        ReadAccessLog.Map(me);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "seals are not published outside the database, so a truncated "
        + "or rebuilt event log would go unnoticed; set Audit__CheckpointFolder to a folder outside it")]
    static partial void LogNowhere(ILogger log);
}
