using Amrutam.Audit.Contracts;
using Amrutam.Audit.Reading;
using Amrutam.Audit.Retention;
using Amrutam.Audit.Sealing;
using Amrutam.Identity.Contracts;
using Amrutam.Platform;
using Amrutam.Platform.Http;
using Amrutam.Platform.OpenApi;
using Amrutam.Platform.Privacy;
using Amrutam.Platform.Telemetry;
using Npgsql;

namespace Amrutam.Audit;

/// <summary>The event log: what an admin may ask of it, what keeps it going, and the seal that shows it was not
/// changed.</summary>
sealed partial class AuditModule : IModule
{
    public string Name => "Audit";

    public ApiTerms Terms => AuditTerms.All;

    public void Add(WebApplicationBuilder builder)
    {
        builder.AddSettings<AuditSettings>("Audit");
        builder.Services.AddSingleton<EventLog>();
        builder.Services.AddSingleton<IPersonalData, EventPersonalData>();
        builder.Services.AddHostedService<MakePartitions>();
        builder.Services.AddSingleton(new PolledGauge("amrutam.audit.seal_age", "s",
            "How long the oldest event has waited for its seal", Label: null, SealLog.ReadAge));
        builder.Services.AddSingleton(new PolledGauge("amrutam.audit.log_broken", "{log}",
            "1 when the last check found that the event log is not what was sealed", Label: null, CheckLog.ReadBroken));
        builder.Services.AddSingleton(new PolledGauge("amrutam.audit.partitions_ahead", "{month}",
            "Months after this one for which the event log has a partition", Label: null, MakePartitions.CountAhead));
        builder.Services.AddSingleton<RetireMonths>();
        builder.Services.AddHostedService(services => services.GetRequiredService<RetireMonths>());
        if (AuditSettings.Folder(builder.Configuration) is { } folder)
            builder.Services.AddSingleton(new Checkpoints(folder)).AddSingleton(new PolledGauge(
                "amrutam.audit.unpublished_age", "s",
                "How long the oldest seal has waited to stand in the outside folder", Label: null,
                SealLog.ReadUnpublishedAge));
        builder.Services.AddSingleton<IEncryptedSecrets, EncryptedLogKeys>();
        builder.Services.AddSingleton<LogKeys>().AddSingleton<SealState>().AddSingleton<SealLog>()
            .AddSingleton<CheckLog>().AddSingleton<ReadVerification>();
        builder.Services.AddSingleton(services =>
            new VerifyLog(services.GetRequiredService<NpgsqlDataSource>(), services.GetService<Checkpoints>()));
        builder.Services.AddHostedService(services => services.GetRequiredService<SealLog>());
        builder.Services.AddHostedService(services => services.GetRequiredService<CheckLog>());
    }

    /// <summary>Warns in Production when the seals go nowhere that the database's administrator cannot write.</summary>
    public static void CheckCheckpoints(IServiceProvider services)
    {
        if (services.GetService<Checkpoints>() is null
            && services.GetRequiredService<IHostEnvironment>().IsProduction())
            LogNowhere(services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(AuditModule).FullName!));
    }

    public void Map(WebApplication routes)
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "seals of the event log are published nowhere, so a log that "
        + "was cut off or rebuilt would not show: give a folder outside the database as Audit__CheckpointFolder")]
    static partial void LogNowhere(ILogger log);
}
