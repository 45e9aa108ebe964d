using Amrutam.Analytics;
using Amrutam.Audit;
using Amrutam.Doctors;
using Amrutam.Identity;
using Amrutam.Platform;
using Amrutam.Platform.Telemetry;
using Amrutam.Portal;
using Amrutam.Scheduling;

namespace Amrutam;

/// <summary>The composition root: which modules there are, and what every request goes through.</summary>
static class Program
{
    static Task<int> Main(string[] args) => Commands.Run(args);

    /// <summary>The server over a migrated database; not yet started.</summary>
    public static WebApplication Build(string[] args, Database database)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args, ContentRootPath = AppContext.BaseDirectory,
        });
        builder.Services.AddSingleton(database);
        var connections = builder.AddSettings<DatabaseSettings>("Database").MaxConnections;
        builder.Services.AddSingleton(services =>
            database.Open("amrutam", connections, services.GetRequiredService<ILoggerFactory>()));
        builder.Services.AddKeyedSingleton(Database.ForLists, (services, _) => database.Open("amrutam lists",
            Database.ListConnections, services.GetRequiredService<ILoggerFactory>()));
        builder.AddTelemetry();
        builder.AddHttp();
        builder.AddApiDescription();
        builder.AddSettings<Limits>("Limits");
        builder.AddSettings<DemoSettings>("Demo");
        builder.Services.AddSingleton<Vitals>();
        builder.Services.AddSingleton<LogHorizon>();
        builder.Services.AddInvariantSweep();
        builder.AddMail();
        builder.AddIdentity();
        builder.AddDoctors();
        builder.AddScheduling();
        builder.AddAudit();
        builder.AddAnalytics();
        builder.AddPortal();

        var app = builder.Build();
        app.UsePortalLanguage();
        app.UseHttp();
        app.UseIdentity();
        app.UseRequestChecks();
        app.MapHealth();
        app.MapProblemPages();
        app.MapApiDescription();
        app.MapIdentity();
        app.MapDoctors();
        app.MapScheduling();
        app.MapAudit();
        app.MapAnalytics();
        app.MapPortal();
        return app;
    }
}
