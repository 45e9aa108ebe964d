using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;

namespace Amrutam.Platform.Telemetry;

/// <summary>The instruments that leave the process, and their labels.</summary>
/// <remarks> The list names what is allowed. So a library's new instrument, or a label that contains an address, stays
/// inside until somebody has reviewed it. A dropped instrument is not measured and costs nothing. </remarks>
static class MetricAllowList
{
    // It is more than routes times statuses. Beyond a limit the rest is counted together, so a wrong label costs memory
    // for this many series at most.
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

    /// <summary>The labels that any of them may carry. Each has a few values, which the program itself names.</summary>
    public static readonly string[] Labels =
    [
        "http.request.method", "http.route", "http.response.status_code",
        "db.client.connection.pool.name", "db.client.connection.state",
        "cpu.mode", "gc.heap.generation",
        "outcome", "amrutam.batch.name", "amrutam.job.name", "amrutam.reader.name", "amrutam.limit.name",
        "amrutam.problem.code", "amrutam.invariant.name", "amrutam.mail.reason",
        "amrutam.message.kind", "amrutam.message.channel", "amrutam.message.reason", "service.version",
        "process.runtime.version",
    ];

    /// <param name="instrument">An instrument of this process.</param>
    /// <param name="own">The factory of this server's meters. Instruments of another server in the process are
    /// dropped.</param>
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
