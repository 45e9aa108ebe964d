using System.Collections.Concurrent;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>Groups requests for one slot at the same time. The first asks the database, and a refusal that is about the
/// slot answers all of them.</summary>
/// <remarks>So a slot that ten thousand patients want costs the database some hundred judgements, and requests for
/// other slots do not wait behind them.</remarks>
sealed class SlotRequestCoalescer
{
    readonly ConcurrentDictionary<Guid, Group> _open = new();

    public sealed class Group(SlotRequestCoalescer coalescer, Guid slot)
    {
        readonly TaskCompletionSource<string?> _refusal = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The code of the problem that answers the whole group; null when each member asks for
        /// itself.</summary>
        public Task<string?> Refusal => _refusal.Task;

        /// <summary>Closes the group to new members, before the question is sent. Between the judgement and a later
        /// request the slot could have become free.</summary>
        public void Close() => coalescer._open.TryRemove(new(slot, this));

        public void Complete(string? refusal)
        {
            Close();
            _refusal.TrySetResult(refusal);
        }
    }

    /// <param name="asks">True for the first member, which asks and completes the group, also after a failure.</param>
    public Group Join(Guid slot, out bool asks)
    {
        asks = false;
        if (_open.TryGetValue(slot, out var running)) return running;
        var own = new Group(this, slot);
        var joined = _open.GetOrAdd(slot, own);
        asks = ReferenceEquals(joined, own);
        return joined;
    }
}
