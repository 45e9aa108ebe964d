using Amrutam.Analytics;
using Amrutam.Audit;
using Amrutam.Commands;
using Amrutam.Demo;
using Amrutam.Doctors;
using Amrutam.Identity;
using Amrutam.Platform;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
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
    public static WebApplication Build(string[] args, Database database)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args, ContentRootPath = AppContext.BaseDirectory,
        });
        builder.AddPlatform(database, Modules);
        builder.AddSettings<DemoSettings>("Demo");
        builder.RefuseUnknownSettings();
        var app = builder.Build();
        app.UsePlatform();
        return app;
    }
}
