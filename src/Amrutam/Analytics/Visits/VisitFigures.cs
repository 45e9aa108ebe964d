using Amrutam.Platform.EventLog;

namespace Amrutam.Analytics.Visits;

/// <summary>Waits until the counts have every change that was acknowledged before.</summary>
sealed class VisitFigures(EventReader<CountVisits> reader)
{
    // It is longer than any transaction of the server. After it, figures that admit to be behind are better than none.
    static readonly TimeSpan MostWait = TimeSpan.FromSeconds(2);

    /// <returns>False if that takes too long.</returns>
    public Task<bool> CatchUp(CancellationToken ct) => reader.CatchUp(MostWait, ct);
}
