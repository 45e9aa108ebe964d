using System.Collections.Concurrent;

namespace Amrutam.Scheduling.Contracts;

/// <summary>Counts refused requests to book by the problem's code, until a module takes the counts.</summary>
/// <remarks>A refusal changes nothing and writes no event. A statement for each would add to the load of a contested
/// slot, so the counts wait in memory.</remarks>
sealed class RefusedRequests
{
    // One entry for each problem of booking, so the size has a bound.
    readonly ConcurrentDictionary<string, long> _counts = new(StringComparer.Ordinal);

    public void Add(string code, long n = 1) =>
        _counts.AddOrUpdate(code, static (_, more) => more, static (_, before, more) => before + more, n);

    /// <summary>Removes and returns the counts since the last call.</summary>
    public List<(string Code, long N)> Take() =>
        [.. _counts.Keys.Select(code => (code, N: _counts.TryRemove(code, out var n) ? n : 0)).Where(c => c.N > 0)];
}
