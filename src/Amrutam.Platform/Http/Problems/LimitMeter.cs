using System.Diagnostics.Metrics;

namespace Amrutam.Platform.Http.Problems;

/// <summary>Counts the refusals of every limit.</summary>
static class LimitMeter
{
    static readonly Counter<long> Rejections = new Meter("Amrutam.Limits")
        .CreateCounter<long>("amrutam.limit.rejections", "{attempt}", "Attempts that a limit refused, by limit");

    /// <param name="limit">The limit's name. It is a label, so there are few of them.</param>
    public static void Count(string limit) =>
        Rejections.Add(1, new KeyValuePair<string, object?>("amrutam.limit.name", limit));
}
