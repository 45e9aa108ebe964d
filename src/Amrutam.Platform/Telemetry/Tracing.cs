using System.Diagnostics;

namespace Amrutam.Platform.Telemetry;

/// <summary>The spans that this program begins itself.</summary>
static class Tracing
{
    public const string SourceName = "Amrutam";

    /// <summary>The sources of every recorded span: ours, and the libraries'.</summary>
    public static readonly string[] Sources = ["Microsoft.AspNetCore", "Npgsql", SourceName];

    static readonly ActivitySource Source = new(SourceName);

    /// <summary>The present span, if it is recorded.</summary>
    public static Activity? Recorded => Activity.Current is { Recorded: true } activity ? activity : null;

    /// <summary>Begins a new trace, recorded or not. Log lines and events in it have its id in either case.</summary>
    public static Activity Begin(string name)
    {
        Activity.Current = null;
        return Source.StartActivity(name) ?? new Activity(name).Start();
    }

    /// <summary>Begins one span for work on several members: under the first recorded one, linked to the others. Null
    /// if none is recorded.</summary>
    public static Activity? BeginFor<T>(List<T> several, Func<T, Activity?> from, string name)
    {
        Activity? first = null;
        List<ActivityLink>? others = null;
        foreach (var one in several)
        {
            if (from(one) is not { } activity) continue;
            if (first is null) first = activity;
            else (others ??= []).Add(new(activity.Context));
        }
        return first is null ? null
            : Source.StartActivity(name, ActivityKind.Internal, first.Context, links: others);
    }
}
