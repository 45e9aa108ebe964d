using System.Diagnostics;

namespace Amrutam.Platform.Telemetry;

/// <summary>The spans that this program begins itself.</summary>
static class Tracing
{
    public const string SourceName = "Amrutam";

    /// <summary>The sources of every span that is recorded: ours, and the libraries'.</summary>
    public static readonly string[] Sources = ["Microsoft.AspNetCore", "Npgsql", SourceName];

    static readonly ActivitySource Source = new(SourceName);

    /// <summary>The present span, when somebody records it.</summary>
    public static Activity? Recorded => Activity.Current is { Recorded: true } activity ? activity : null;

    /// <summary>A new trace, recorded or not: what happens under it carries its id in logs and events either
    /// way.</summary>
    public static Activity Begin(string name)
    {
        Activity.Current = null;
        return Source.StartActivity(name) ?? new Activity(name).Start();
    }

    /// <summary>One span for what is done for several at once: under the first of those that are recorded, linked to
    /// the others; none when none is.</summary>
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
