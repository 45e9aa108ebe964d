using Amrutam.Platform.Data;
using Amrutam.Platform.EventLog;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Inner;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.Modules;
using Amrutam.Platform.OpenApi;
using Amrutam.Platform.Operations;
using Amrutam.Platform.Telemetry;
using Amrutam.Platform.Transfer;

namespace Amrutam.Platform;

/// <summary>Puts the platform and the modules into a server.</summary>
static class PlatformSetup
{
    /// <summary>Adds everything but the <see cref="Database"/>, which is known only after settings are read.</summary>
    public static void AddPlatform(this WebApplicationBuilder builder, IReadOnlyList<IModule> modules)
    {
        builder.AddSettings<DataSettings>(DataSettings.Section);
        builder.AddSettings<SecurityTxtSettings>("SecurityTxt");
        builder.AddDatabase();
        builder.AddTelemetry();
        builder.AddHttp();
        builder.Services.AddSingleton<InnerRequests>();
        builder.AddApiDescription();
        builder.Services.AddSingleton(modules).AddSingleton(new ProblemCatalogue(modules))
            .AddSingleton<LimitMeter>().AddSingleton<ProblemMeter>();
        builder.Services.AddSingleton<SystemProbes>().AddSingleton<DatabaseProbe>().AddSingleton<FailureLog>()
            .AddSingleton<EventLogWatermark>();
        builder.Services.AddSingleton<IdempotentTransaction>().AddSingleton<RefusedKeys>();
        builder.Services.AddSingleton<ImportFolder>().AddSingleton<ExportFolder>();
        builder.Services.AddSingleton<IReadOnlyList<DeclaredModule>>(
            [.. modules.Prepend(new PlatformModule()).Select(builder.Add)]);
    }

    public static void UsePlatform(this WebApplication app)
    {
        var modules = app.Services.GetRequiredService<IReadOnlyList<IModule>>();
        app.UseFirst();
        foreach (var module in modules) module.UseFirst(app);
        app.Use(app.Services.GetRequiredService<InnerRequests>().Begin);
        app.UseHttp();
        foreach (var module in modules) module.Use(app);
        app.UseRequestChecks();
        foreach (var module in modules) module.UseLast(app);
        app.MapHealth();
        app.MapProblemPages();
        app.MapApiDescription();
        app.MapSecurityTxt();
        var routes = ProblemMeter.Counted(app);
        foreach (var module in modules) module.Map(routes);
    }

    static DeclaredModule Add(this WebApplicationBuilder builder, IModule module)
    {
        var parts = new ModuleBuilder(builder, module);
        module.Add(parts);
        return parts.Declared;
    }
}
