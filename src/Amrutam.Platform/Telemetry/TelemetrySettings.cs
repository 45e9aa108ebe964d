using System.ComponentModel.DataAnnotations;

namespace Amrutam.Platform.Telemetry;

/// <summary>What is measured and where it goes besides <c>/metrics</c> (section <c>Telemetry</c>).</summary>
sealed class TelemetrySettings
{
    /// <summary>A collector that takes OTLP over HTTP, as <c>http://collector:4318</c>; empty: none.</summary>
    public string OtlpEndpoint { get; init; } = "";

    // One in a hundred is enough to see where time goes, and little enough that nobody notices.
    /// <summary>The share of requests and jobs that are traced, unless the caller's own trace decides.</summary>
    [Range(0, 1d)] public double TraceRatio { get; init; } = 0.01;

    /// <summary>How often metrics are sent to the collector.</summary>
    [Range(1, 600)] public int OtlpSeconds { get; init; } = 30;

    // Prometheus asks every 15 seconds as it comes; what it is told should not be older than that.
    /// <summary>How often what must be asked of the database is asked: lag, seal, invariants, the clocks.</summary>
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
