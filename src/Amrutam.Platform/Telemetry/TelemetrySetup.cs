using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;
using Amrutam.Platform.Http;
using Amrutam.Platform.Jobs;
using Amrutam.Platform.Operations;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Amrutam.Platform.Telemetry;

/// <summary>Sets up telemetry: its instruments, <c>/metrics</c>, and the collector if there is one.</summary>
static class TelemetrySetup
{
    public static readonly string Version =
        typeof(TelemetrySetup).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>(
            )!.InformationalVersion;

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var settings = builder.AddSettings<TelemetrySettings>("Telemetry");
        builder.Services.AddSingleton<JobRunner>();
        builder.Services.AddSingleton<DistributedContextPropagator, TraceParentOnly>();
        builder.Services.AddSingleton(new ManagementPage((routes, services) => routes.MapPrometheusScrapingEndpoint(
            "/metrics", services.GetRequiredService<MeterProvider>(), configureBranchedPipeline: null,
            optionsName: null)));
        builder.AddOpenTelemetry(settings);
    }

    /// <summary>It reads the collector's addresses at once, so that a wrong one stops the start.</summary>
    static void AddOpenTelemetry(this WebApplicationBuilder builder, TelemetrySettings settings)
    {
        builder.Services.ConfigureOpenTelemetryMeterProvider((services, metrics) =>
            metrics.AddView(instrument => MetricAllowList.View(
                instrument, services.GetRequiredService<IMeterFactory>())));
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.Clear().AddService("amrutam", serviceVersion: Version,
                autoGenerateServiceInstanceId: false, serviceInstanceId: Guid.CreateVersion7().ToString()))
            .WithMetrics(metrics => metrics.AddMeter([MetricAllowList.OwnMeters, .. MetricAllowList.ForeignMeters])
                .AddInstrumentation<ProcessMeter>()
                // An alert must not see a stale value, and one name must be one series.
                .AddPrometheusExporter(o => (o.ScrapeResponseCacheDurationMilliseconds, o.ScopeInfoEnabled,
                    o.TargetInfoEnabled) = (0, false, false)));
        if (settings.Collector("metrics") is { } forMetrics)
            telemetry.WithMetrics(metrics => metrics.AddOtlpExporter((to, reader) =>
            {
                (to.Endpoint, to.Protocol) = (forMetrics, OtlpExportProtocol.HttpProtobuf);
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = settings.OtlpSeconds * 1000;
            }));
        if (settings.Collector("traces") is { } forTraces)
            telemetry.WithTracing(traces => traces.AddSource(Tracing.Sources)
                // The caller's trace decides, and otherwise a small ratio. A request that is not traced costs nothing
                // more.
                .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(settings.TraceRatio)))
                .AddProcessor(new Redaction())
                // The queue is bounded and drops the rest, so no request waits for the collector.
                .AddOtlpExporter(to => (to.Endpoint, to.Protocol) = (forTraces, OtlpExportProtocol.HttpProtobuf)));
    }
}

/// <summary>Instruments of the process that the runtime's own meter lacks.</summary>
sealed class ProcessMeter
{
    public ProcessMeter(IMeterFactory meters, TimeProvider clock)
    {
        var meter = meters.Create("Amrutam.Process");
        meter.CreateObservableGauge("amrutam.build.info", () => new Measurement<int>(1,
            new KeyValuePair<string, object?>("service.version", TelemetrySetup.Version),
            new KeyValuePair<string, object?>("process.runtime.version", Environment.Version.ToString())),
            description: "1, labelled with what runs here");
        // The runtime's own two instruments are counters, and a counter that falls looks like a restart.
        meter.CreateObservableUpDownCounter("amrutam.thread_pool.threads", () => ThreadPool.ThreadCount, "{thread}",
            "Threads of the pool");
        meter.CreateObservableUpDownCounter("amrutam.thread_pool.queued", () => ThreadPool.PendingWorkItemCount,
            "{item}", "Work that waits for a thread of the pool");
        meter.CreateObservableGauge("process.uptime", () => Health.Uptime(clock).TotalSeconds, "s",
            "How long the process has run");
    }
}
