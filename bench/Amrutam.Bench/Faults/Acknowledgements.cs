using System.Collections.Concurrent;
using System.Diagnostics;

namespace Amrutam.Bench.Faults;

/// <summary>The times at which clients had a booking acknowledged.</summary>
sealed class Acknowledgements
{
    readonly ConcurrentQueue<long> _times = [];

    public int Count => _times.Count;

    public void Add() => _times.Enqueue(Stopwatch.GetTimestamp());

    /// <summary>The longest time without an acknowledgement between two instants.</summary>
    public TimeSpan LongestGap(long from, long to)
    {
        var (longest, last) = (TimeSpan.Zero, from);
        foreach (var time in _times.Where(time => time > from && time < to).Order().Append(to))
        {
            var gap = Stopwatch.GetElapsedTime(last, time);
            if (gap > longest) longest = gap;
            last = time;
        }
        return longest;
    }

    /// <summary>Waits for that many further acknowledgements.</summary>
    /// <exception cref="FaultException">They did not come within the limit.</exception>
    public async Task Await(int further, TimeSpan limit)
    {
        var (count, began) = (Count + further, Stopwatch.GetTimestamp());
        while (Count < count)
        {
            if (Stopwatch.GetElapsedTime(began) > limit)
                throw new FaultException($"No booking was acknowledged for {limit.TotalSeconds:0} seconds.");
            await Task.Delay(20);
        }
    }
}

/// <summary>The run itself failed, so it shows nothing about the product.</summary>
sealed class FaultException(string message) : Exception(message);
