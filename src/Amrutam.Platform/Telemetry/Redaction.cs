using System.Collections.Frozen;
using System.Diagnostics;
using OpenTelemetry;

namespace Amrutam.Platform.Telemetry;

/// <summary>Removes from a span all but the allowed values, before it is exported.</summary>
/// <remarks> Paths have ids, and PostgreSQL's error texts can quote a row. A span has the route's pattern, the
/// statement's constant text, and an error's type and place. </remarks>
sealed class Redaction : BaseProcessor<Activity>
{
    static readonly FrozenSet<string> Tags = new[]
    {
        "http.request.method", "http.route", "http.response.status_code", "error.type",
        "db.system.name", "db.namespace", "db.query.text", "db.operation.name", "db.response.status_code",
    }.ToFrozenSet(StringComparer.Ordinal);

    readonly ActivityListener _exceptions = new()
    {
        ShouldListenTo = source => Tracing.Sources.Contains(source.Name),
        Sample = static (ref _) => ActivitySamplingResult.None,
        // A value that is set here is not filled in from the exception, whose message it would be.
        ExceptionRecorder = static (_, exception, ref tags) =>
        {
            tags.Add("exception.message", "");
            tags.Add("exception.stacktrace", exception.StackTrace ?? "");
        },
    };

    public Redaction() => ActivitySource.AddActivityListener(_exceptions);

    public override void OnEnd(Activity data)
    {
        List<string>? others = null;
        foreach (var (key, _) in data.EnumerateTagObjects())
            if (!Tags.Contains(key)) (others ??= []).Add(key);
        foreach (var key in others ?? []) data.SetTag(key, null);
        if (data.StatusDescription is not null) data.SetStatus(data.Status);
        data.TraceStateString = null;
    }

    protected override void Dispose(bool disposing)
    {
        _exceptions.Dispose();
        base.Dispose(disposing);
    }
}
