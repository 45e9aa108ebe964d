using Amrutam.Analytics;
using Amrutam.Audit;
using Amrutam.Commands;
using Amrutam.Demo;
using Amrutam.Doctors;
using Amrutam.Identity;
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
        new SchedulingModule(), new AuditModule(), new AnalyticsModule(), new PortalModule()];

    static Task<int> Main(string[] args) => CommandLine.Run(args);

    /// <summary>Builds the server over a migrated database. It is not started yet.</summary>
    /// <param name="args">Settings, as <c>--Limits:HoldsPerPatient=3</c>.</param>
    /// <param name="database">The database.</param>
    /// <param name="modules">The modules; null for those of the product.</param>
    /// <exception cref="StartupException">A setting is not known or not valid.</exception>
    public static WebApplication Build(string[] args, Database database, IReadOnlyList<IModule>? modules = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args, ContentRootPath = AppContext.BaseDirectory,
        });
        builder.AddPlatform(database, modules ?? Modules);
        builder.AddSettings<DemoSettings>("Demo");
        builder.RefuseUnknownSettings();
        var app = builder.Build();
        app.UsePlatform();
        return app;
    }
}
