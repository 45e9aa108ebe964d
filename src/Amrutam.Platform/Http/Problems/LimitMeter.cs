using System.Diagnostics.Metrics;

namespace Amrutam.Platform.Http.Problems;

/// <summary>Counts what was refused because somebody had or did too much, whichever limit it was.</summary>
static class LimitMeter
{
    static readonly Counter<long> Rejections = new Meter("Amrutam.Limits")
        .CreateCounter<long>("amrutam.limit.rejections", "{attempt}", "Attempts that a limit refused, by limit");

    /// <param name="limit">Its name: a label, so one of a few.</param>
    public static void Count(string limit) =>
        Rejections.Add(1, new KeyValuePair<string, object?>("amrutam.limit.name", limit));
}
