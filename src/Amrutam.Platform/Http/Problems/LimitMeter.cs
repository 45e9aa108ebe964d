using System.Diagnostics.Metrics;

namespace Amrutam.Platform.Http.Problems;

/// <summary>Counts the refusals of every limit.</summary>
sealed class LimitMeter(IMeterFactory meters)
{
    readonly Counter<long> _rejections = meters.Create("Amrutam.Limits")
        .CreateCounter<long>("amrutam.limit.rejections", "{attempt}", "Attempts that a limit refused, by limit");

    /// <param name="limit">The limit's name. It is a label, so there are few of them.</param>
    public void Count(string limit) =>
        _rejections.Add(1, new KeyValuePair<string, object?>("amrutam.limit.name", limit));
}
