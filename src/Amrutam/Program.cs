using Amrutam.Analytics;
using Amrutam.Audit;
using Amrutam.Commands;
using Amrutam.Demo;
using Amrutam.Doctors;
using Amrutam.Identity;
using Amrutam.Notifications;
using Amrutam.Patients;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Modules;
using Amrutam.Portal;
using Amrutam.Scheduling;

namespace Amrutam;

/// <summary>The composition root: the modules of the product.</summary>
static class Program
{
    public static readonly IReadOnlyList<IModule> Modules = [new IdentityModule(), new DoctorsModule(),
        new PatientsModule(), new SchedulingModule(), new NotificationsModule(), new AuditModule(),
        new AnalyticsModule(), new PortalModule()];

    static Task<int> Main(string[] args) => CommandLine.Run(args);

    /// <summary>Reads and checks every setting. Nothing is started, and no database is asked.</summary>
    /// <param name="args">Settings, as <c>--Limits:HoldsPerPatient=3</c>.</param>
    /// <param name="modules">The modules; null for those of the product.</param>
    /// <exception cref="StartupException">A setting is not known or not valid.</exception>
    public static WebApplicationBuilder Configure(string[] args, IReadOnlyList<IModule>? modules = null)
    {
        var builder = Settings.CreateBuilder(args);
        builder.AddPlatform(modules ?? Modules);
        builder.AddSettings<DemoSettings>("Demo");
        builder.RefuseUnknownSettings();
        return builder;
    }

    /// <summary>Builds the server over a migrated database. It is not started yet.</summary>
    public static WebApplication Build(WebApplicationBuilder configured, Database database)
    {
        configured.Services.AddSingleton(database);
        var app = configured.Build();
        app.UsePlatform();
        return app;
    }

    /// <inheritdoc cref="Configure"/>
    public static WebApplication Build(string[] args, Database database, IReadOnlyList<IModule>? modules = null) =>
        Build(Configure(args, modules), database);
}
