using System.Diagnostics;

namespace Amrutam.Platform.Telemetry;

/// <summary>Accepts a caller's W3C trace and nothing else of their propagation headers.</summary>
/// <remarks> <c>tracestate</c> and <c>baggage</c> are the caller's free text, and would be sent on to the collector. An
/// id of the older hierarchical kind is free text too, and would replace ours in logs and responses. </remarks>
sealed class TraceParentOnly : DistributedContextPropagator
{
    readonly DistributedContextPropagator _w3c = CreateW3CPropagator();

    public override IReadOnlyCollection<string> Fields => ["traceparent"];

    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter) =>
        _w3c.Inject(activity, carrier, setter);

    public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId,
        out string? traceState)
    {
        _w3c.ExtractTraceIdAndState(carrier, getter, out traceId, out _);
        traceState = null;
        if (!ActivityContext.TryParse(traceId, traceState: null, isRemote: true, out _)) traceId = null;
    }

    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier,
        PropagatorGetterCallback? getter) => null;
}
