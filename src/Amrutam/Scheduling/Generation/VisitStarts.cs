using NodaTime;

namespace Amrutam.Scheduling.Generation;

/// <summary>Counts the slots at which visits can begin. Pure.</summary>
static class VisitStarts
{
    /// <summary>The longest visit of several slots, as <c>scheduling.slots_of_visit</c> allows it.</summary>
    static readonly Duration Longest = Duration.FromHours(12);

    /// <param name="slots">By time, without overlaps, each with its window.</param>
    /// <param name="length">The length of the visit without buffers.</param>
    /// <returns>The number of slots that serve the kind, and of those at which such a visit has the time. It continues
    /// in slots that follow without a gap and serve the kind too.</returns>
    public static (int Serving, int Fitting) Count(IReadOnlyList<(WeeklyWindow Window, Interval Time)> slots, Guid kind,
        Duration length)
    {
        var (serving, fitting) = (0, 0);
        for (var first = 0; first < slots.Count; first++)
        {
            if (!Serves(first)) continue;
            serving++;
            var (start, end) = (slots[first].Time.Start, slots[first].Time.End);
            for (var next = first + 1; end - start < length && next < slots.Count && slots[next].Time.Start == end
                && Serves(next); next++)
                end = slots[next].Time.End;
            if (end - start >= length && end - start <= Longest) fitting++;
        }
        return (serving, fitting);

        bool Serves(int slot) => slots[slot].Window.VisitTypes is not { } kinds || kinds.Contains(kind);
    }
}
