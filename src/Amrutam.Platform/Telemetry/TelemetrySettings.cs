using System.ComponentModel.DataAnnotations;

namespace Amrutam.Platform.Telemetry;

/// <summary>Settings of measuring and of its collector besides <c>/metrics</c> (section <c>Telemetry</c>).</summary>
sealed class TelemetrySettings
{
    /// <summary>The address of a collector for OTLP over HTTP, as <c>http://collector:4318</c>; empty for
    /// none.</summary>
    public string OtlpEndpoint { get; init; } = "";

    // One in a hundred is enough to see where time goes, and costs too little to notice.
    /// <summary>The share of requests and jobs that are traced, unless the caller's own trace decides.</summary>
    [Range(0, 1d)] public double TraceRatio { get; init; } = 0.01;

    /// <summary>How often metrics are sent to the collector.</summary>
    [Range(1, 600)] public int OtlpSeconds { get; init; } = 30;

    // Prometheus scrapes every 15 seconds by default, and should not get older values.
    /// <summary>The interval of queries for values of the database: lag, seal, invariants, the clocks.</summary>
    [Range(1, 60)] public int LookSeconds { get; init; } = 10;

    /// <summary>The collector's address for one kind of data; null when there is no collector.</summary>
    public Uri? Collector(string signal)
    {
        if (OtlpEndpoint.Length == 0) return null;
        return Uri.TryCreate(OtlpEndpoint.TrimEnd('/') + "/v1/" + signal, UriKind.Absolute, out var uri)
            && uri.Scheme is "http" or "https"
            ? uri
            : throw new StartupException(
                $"Setting Telemetry__OtlpEndpoint: '{OtlpEndpoint}' is not an address, as http://collector:4318");
    }
}
