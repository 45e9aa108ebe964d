using System.Collections.Concurrent;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>Of those who want one slot at the same time one asks, and what the database says of the slot is everybody's
/// answer.</summary>
/// <remarks>
/// So a slot that ten thousand want costs the database some hundred judgements and not ten thousand, and whoever wants
/// another slot does not queue behind them.
/// </remarks>
sealed class SlotRequestCoalescer
{
    readonly ConcurrentDictionary<Guid, Contest> _open = new();

    public sealed class Contest(SlotRequestCoalescer contests, Guid slot)
    {
        readonly TaskCompletionSource<string?> _verdict = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The code of the rule that refuses everybody; null when each has to ask for themselves.</summary>
        public Task<string?> Verdict => _verdict.Task;

        /// <summary>Lets nobody join any more. Called before the question is sent: between the judgement and a later
        /// wish the slot could have become free.</summary>
        public void Close() => contests._open.TryRemove(new(slot, this));

        public void End(string? verdict)
        {
            Close();
            _verdict.TrySetResult(verdict);
        }
    }

    /// <param name="asks">True for the first, who has to ask and to end the contest, however that goes.</param>
    public Contest Enter(Guid slot, out bool asks)
    {
        asks = false;
        if (_open.TryGetValue(slot, out var running)) return running;
        var own = new Contest(this, slot);
        var entered = _open.GetOrAdd(slot, own);
        asks = ReferenceEquals(entered, own);
        return entered;
    }
}
