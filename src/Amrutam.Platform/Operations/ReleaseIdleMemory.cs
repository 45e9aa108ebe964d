using Amrutam.Platform.Jobs;

namespace Amrutam.Platform.Operations;

/// <summary>Gives memory back to the machine in the first quiet minute after a load.</summary>
/// <remarks>The runtime keeps the heap of a peak until later allocations need a collection of all generations. A quiet
/// server may not need one for hours. The collection stops the server for some tens of milliseconds, once after each
/// load.</remarks>
sealed class ReleaseIdleMemory : IJob
{
    // A server without requests allocates less in a minute; a hundred bookings a second allocate more.
    const long QuietBytes = 32 << 20;

    static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    long _allocated;
    bool _hasWorked;

    string IJob.Name => "release_idle_memory";

    TimeSpan IJob.Every => Every;

    Task<TimeSpan> IJob.RunOnce(CancellationToken stopping)
    {
        if (IsDue(GC.GetTotalAllocatedBytes()))
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return Task.FromResult(Every);
    }

    /// <param name="allocated">The bytes that the process has allocated so far.</param>
    /// <returns>True once after each load: little was allocated since the last call, and much before it.</returns>
    internal bool IsDue(long allocated)
    {
        var since = allocated - _allocated;
        _allocated = allocated;
        var isQuiet = since < QuietBytes;
        var isDue = isQuiet && _hasWorked;
        _hasWorked = !isQuiet;
        return isDue;
    }
}
