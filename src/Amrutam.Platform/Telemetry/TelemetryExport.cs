using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Amrutam.Platform.Telemetry;

/// <summary>Measures, and traces where there is a collector: from the host's start, so that nothing is missed, to its
/// stop, which sends the last of it.</summary>
/// <remarks>
/// Whether a request is traced, its caller's trace decides, and else a small ratio; what is not traced costs what
/// ASP.NET Core costs anyway. The batch that waits to be sent is bounded and drops, so nobody waits for a collector.
/// </remarks>
sealed class TelemetryExport(PrometheusText text, IMeterFactory meters, TelemetrySettings settings, TimeProvider clock)
    : IHostedService
{
    /// <summary>Who begins the spans that are recorded.</summary>
    public static readonly string[] Sources = ["Microsoft.AspNetCore", "Npgsql", Tracing.SourceName];

    readonly ResourceBuilder _resource = ResourceBuilder.CreateEmpty().AddService("amrutam",
        serviceVersion: TelemetrySetup.Version, autoGenerateServiceInstanceId: false,
        serviceInstanceId: Guid.CreateVersion7().ToString());

    MeterProvider? _metrics;
    TracerProvider? _traces;

    public Task StartAsync(CancellationToken ct)
    {
        ProcessMeter.Begin(meters, clock);
        _metrics = Metrics();
        if (settings.Collector("traces") is { } collector) _traces = Traces(collector);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken ct)
    {
        _traces?.Dispose();
        _metrics?.Dispose();
        return Task.CompletedTask;
    }

    MeterProvider Metrics()
    {
        var builder = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(_resource)
            .AddMeter([MetricAllowList.OwnMeters, .. MetricAllowList.ForeignMeters])
            .AddView(instrument => MetricAllowList.View(instrument, meters))
            .AddReader(new BaseExportingMetricReader(text));
        if (settings.Collector("metrics") is { } collector)
            builder.AddOtlpExporter((to, reader) =>
            {
                (to.Endpoint, to.Protocol) = (collector, OtlpExportProtocol.HttpProtobuf);
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = settings.OtlpSeconds * 1000;
            });
        return builder.Build();
    }

    TracerProvider Traces(Uri collector) => Sdk.CreateTracerProviderBuilder().SetResourceBuilder(_resource)
        .AddSource(Sources)
        .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(settings.TraceRatio)))
        .AddProcessor(new Redaction())
        .AddOtlpExporter(to => (to.Endpoint, to.Protocol) = (collector, OtlpExportProtocol.HttpProtobuf))
        .Build();
}
