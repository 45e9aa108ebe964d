using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;
using Amrutam.Platform.Http;
using Amrutam.Platform.Jobs;
using Amrutam.Platform.Operations;

namespace Amrutam.Platform.Telemetry;

/// <summary>Puts the measuring together: what is measured, <c>/metrics</c>, and the collector where there is
/// one.</summary>
static class TelemetrySetup
{
    public static readonly string Version =
        typeof(TelemetrySetup).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>(
            )!.InformationalVersion;

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var settings = builder.AddSettings<TelemetrySettings>("Telemetry");
        // Read now, so that a wrong address stops the start.
        settings.Collector("metrics");
        builder.Services.AddSingleton<PrometheusText>().AddSingleton<JobRunner>();
        builder.Services.AddSingleton<DistributedContextPropagator, TraceParentOnly>();
        builder.Services.AddHostedService<TelemetryExport>();
        builder.Services.AddSingleton(new ManagementPage("/metrics", WriteMetrics));
    }

    static Task WriteMetrics(IServiceProvider services, HttpContext http)
    {
        http.Response.ContentType = PrometheusText.ContentType;
        return http.Response.WriteAsync(services.GetRequiredService<PrometheusText>().Read(), http.RequestAborted);
    }
}

/// <summary>What the runtime's own meter does not say of the process.</summary>
static class ProcessMeter
{
    public static void Begin(IMeterFactory meters, TimeProvider clock)
    {
        var meter = meters.Create("Amrutam.Process");
        meter.CreateObservableGauge("amrutam.build.info", () => new Measurement<int>(1,
            new KeyValuePair<string, object?>("service.version", TelemetrySetup.Version),
            new KeyValuePair<string, object?>("process.runtime.version", Environment.Version.ToString())),
            description: "1, labelled with what runs here");
        // The runtime's own two call themselves counters, and a counter that falls reads as a restart.
        meter.CreateObservableUpDownCounter("amrutam.thread_pool.threads", () => ThreadPool.ThreadCount, "{thread}",
            "Threads of the pool");
        meter.CreateObservableUpDownCounter("amrutam.thread_pool.queued", () => ThreadPool.PendingWorkItemCount,
            "{item}", "Work that waits for a thread of the pool");
        meter.CreateObservableGauge("process.uptime", () => Health.Uptime(clock).TotalSeconds, "s",
            "How long the process has run");
    }
}
