using System.Diagnostics.Metrics;
using System.Reflection;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Amrutam.Platform.Telemetry;

/// <summary>Puts the measuring together: what is measured, <c>/metrics</c>, and the collector where there is
/// one.</summary>
static class Measuring
{
    static readonly string Version =
        typeof(Measuring).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var settings = builder.AddSettings<TelemetrySettings>("Telemetry");
        // Read now, so that a wrong address stops the start.
        settings.Collector("metrics");
        builder.Services.AddSingleton<PrometheusText>().AddSingleton<Jobs>();
        builder.Services.AddHostedService<Recording>();
        builder.Services.AddSingleton<VitalSigns>()
            .AddHostedService(services => services.GetRequiredService<VitalSigns>());
        foreach (var sign in Vitals.Signs) builder.Services.AddSingleton(sign);
        builder.Services.AddSingleton(new ManagementPage("/metrics", WriteMetrics));
    }

    static Task WriteMetrics(IServiceProvider services, HttpContext http)
    {
        http.Response.ContentType = PrometheusText.ContentType;
        return http.Response.WriteAsync(services.GetRequiredService<PrometheusText>().Read(), http.RequestAborted);
    }

    public static ResourceBuilder Resource(string instance) => ResourceBuilder.CreateEmpty()
        .AddService("amrutam", serviceVersion: Version, autoGenerateServiceInstanceId: false,
            serviceInstanceId: instance);

    /// <summary>Begins with the host, so that nothing is missed, and sends the last of it when the host
    /// stops.</summary>
    sealed class Recording(PrometheusText text, IMeterFactory meters, TelemetrySettings settings,
        TimeProvider clock) : IHostedService
    {
        readonly string _instance = Guid.CreateVersion7().ToString();
        MeterProvider? _metrics;

        public Task StartAsync(CancellationToken ct)
        {
            Describe(meters, clock);
            var builder = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(Resource(_instance))
                .AddMeter([Exported.OwnMeters, .. Exported.ForeignMeters])
                .AddView(instrument => Exported.View(instrument, meters))
                .AddReader(new BaseExportingMetricReader(text));
            if (settings.Collector("metrics") is { } collector)
                builder.AddOtlpExporter((to, reader) =>
                {
                    (to.Endpoint, to.Protocol) = (collector, OtlpExportProtocol.HttpProtobuf);
                    reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds =
                        settings.OtlpSeconds * 1000;
                });
            _metrics = builder.Build();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken ct)
        {
            _metrics?.Dispose();
            return Task.CompletedTask;
        }
    }

    static void Describe(IMeterFactory meters, TimeProvider clock)
    {
        var meter = meters.Create("Amrutam.Process");
        meter.CreateObservableGauge("amrutam.build.info", () => new Measurement<int>(1,
            new KeyValuePair<string, object?>("service.version", Version),
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
