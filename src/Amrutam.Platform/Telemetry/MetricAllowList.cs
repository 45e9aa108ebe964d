using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;

namespace Amrutam.Platform.Telemetry;

/// <summary>Which instruments leave the process, and with which labels.</summary>
/// <remarks>
/// Lists of what may, not of what may not: an instrument that a new version of a library brings, or a label with an
/// address in it, stays inside until somebody has looked at it. What is dropped is not measured and costs nothing.
/// </remarks>
static class MetricAllowList
{
    // More routes times statuses than there are. Beyond a limit the rest is counted together, so a mistake in a label
    // costs memory for this many series and no more.
    const int MostSeriesOfRequests = 2000, MostSeries = 200;

    public const string OwnMeters = "Amrutam.*";
    const string OwnPrefix = "Amrutam.", Requests = "http.server.request.duration",
        Connections = "db.client.connection.count";

    public static readonly string[] ForeignMeters = ["Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.Server.Kestrel", "Npgsql", "System.Runtime"];

    static readonly FrozenSet<string> Foreign = new[]
    {
        Requests, "http.server.active_requests",
        "kestrel.active_connections", "kestrel.rejected_connections",
        "db.client.operation.duration", "db.client.operation.failed", Connections,
        "db.client.connection.max", "db.client.connection.npgsql.pending_requests",
        "db.client.connection.npgsql.timeouts",
        "dotnet.process.cpu.time", "dotnet.process.memory.working_set", "dotnet.gc.collections", "dotnet.gc.pause.time",
        "dotnet.gc.heap.total_allocated", "dotnet.gc.last_collection.heap.size", "dotnet.monitor.lock_contentions",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The labels that any of them may carry: each has a few values that the program itself names.</summary>
    public static readonly string[] Labels =
    [
        "http.request.method", "http.route", "http.response.status_code",
        "db.client.connection.pool.name", "db.client.connection.state",
        "cpu.mode", "gc.heap.generation",
        "outcome", "amrutam.batch.name", "amrutam.job.name", "amrutam.reader.name", "amrutam.limit.name",
        "amrutam.problem.code", "amrutam.invariant.name", "amrutam.mail.reason", "service.version",
        "process.runtime.version",
    ];

    /// <param name="instrument">What somebody in this process measures.</param>
    /// <param name="own">Makes this server's meters; what another one in the process measures is not this
    /// one's.</param>
    public static MetricStreamConfiguration View(Instrument instrument, IMeterFactory own) =>
        instrument.Meter.Scope is IMeterFactory other && other != own || !IsListed(instrument)
            ? MetricStreamConfiguration.Drop
            : new()
            {
                // In Prometheus's text only a histogram may have a series whose name ends in "_count".
                Name = instrument.Name == Connections ? "db.client.connections" : null,
                TagKeys = Labels,
                CardinalityLimit = instrument.Name == Requests ? MostSeriesOfRequests : MostSeries,
            };

    static bool IsListed(Instrument instrument) =>
        instrument.Meter.Name.StartsWith(OwnPrefix, StringComparison.Ordinal) || Foreign.Contains(instrument.Name);
}
