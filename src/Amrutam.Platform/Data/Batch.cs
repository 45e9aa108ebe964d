using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Amrutam.Platform.Telemetry;

namespace Amrutam.Platform.Data;

/// <summary>The size of batches, and the time that their members have waited.</summary>
sealed class BatchMeter
{
    public const string Label = "amrutam.batch.name";

    readonly Histogram<int> _size;
    readonly Histogram<double> _wait;
    readonly KeyValuePair<string, object?> _name;

    /// <param name="batch">The label's value: what the batch gathers, in the plural.</param>
    public BatchMeter(IMeterFactory meters, string batch)
    {
        var meter = meters.Create("Amrutam.Batches");
        _name = new(Label, batch);
        _size = meter.CreateHistogram("amrutam.batch.size", "{request}",
            "Requests that one call of a batch took together",
            advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128] });
        _wait = meter.CreateHistogram("amrutam.batch.wait", "s",
            "How long a request waited before a batch took it", advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [.0001, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5],
            });
    }

    public void Waited(TimeSpan time) => _wait.Record(time.TotalSeconds, _name);

    public void Took(int requests) => _size.Record(requests, _name);
}

/// <summary>Gathers concurrent requests into one call: requests that arrive during a call wait for the next
/// one.</summary>
/// <remarks> If the turn to write is free, a request begins the call at once on its own thread. So a lone request is a
/// batch of one and wakes no other thread. Another call begins beside one that is full or slow. Otherwise no other call
/// begins, because smaller calls cost more for each request. Each request gets its own outcome. A batch that throws is
/// run again one request at a time, so one bad member fails alone. A request that waited past the deadline is refused
/// without being run. A request that is being run is always waited for, because its outcome would be unknown otherwise.
/// </remarks>
sealed class Batch<TRequest, TOutcome> : IAsyncDisposable
{
    /// <param name="From">The span of the request, if it is traced.</param>
    readonly record struct Waiting(TRequest Request, TaskCompletionSource<TOutcome> Outcome, long Since,
        Activity? From);

    static readonly ExecutionContext Nobodys = OfAThreadOfItsOwn();

    readonly BatchMeter _meter;
    readonly Func<IReadOnlyList<TRequest>, Task<TOutcome[]>> _run;
    readonly Func<Exception, bool> _outcomeIsUnknown;
    readonly int _size, _besides;
    readonly TimeSpan _slow, _deadline;
    readonly TimeProvider _clock;
    readonly Channel<Waiting> _queue;

    // The holder of the turn writes all that waits. Beside it there are places for full calls and for slow ones.
    readonly SemaphoreSlim _turn = new(1), _beside;

    /// <param name="name">The members' name in the plural. Metrics have it as a label.</param>
    /// <param name="run">Runs 1 to <paramref name="size"/> requests and returns their outcomes in the same
    /// order.</param>
    /// <param name="size">The largest number of requests in one call.</param>
    /// <param name="besides">The number of full or slow calls that may run beside one.</param>
    /// <param name="slow">A call that has run for longer is slow; at least a millisecond.</param>
    /// <param name="capacity">The number of requests that may wait. The next one is refused.</param>
    /// <param name="deadline">The longest time that a request may wait before it is run.</param>
    /// <param name="outcomeIsUnknown">True for a failure after which the batch may have been committed. It is not run
    /// again.</param>
    public Batch(string name, Func<IReadOnlyList<TRequest>, Task<TOutcome[]>> run, int size, int besides,
        TimeSpan slow, int capacity, TimeSpan deadline, Func<Exception, bool> outcomeIsUnknown,
        IMeterFactory meters, TimeProvider clock)
    {
        // A limit of zero would make the watch of slow calls run without a pause.
        ArgumentOutOfRangeException.ThrowIfLessThan(slow, TimeSpan.FromMilliseconds(1));
        (_run, _size, _deadline, _clock, _outcomeIsUnknown) = (run, size, deadline, clock, outcomeIsUnknown);
        (_slow, _besides, _beside) = (slow, besides, new(besides));
        _meter = new(meters, name);
        _queue = Channel.CreateBounded<Waiting>(capacity);
    }

    /// <exception cref="OverloadedException">The queue is full, the wait was too long, or the server is
    /// stopping.</exception>
    public Task<TOutcome> Run(TRequest request)
    {
        var outcome = new TaskCompletionSource<TOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_queue.Writer.TryWrite(new(request, outcome, _clock.GetTimestamp(), Tracing.Recorded)))
            return Task.FromException<TOutcome>(new OverloadedException("the queue is full or closed"));
        BeginIfDue();
        return outcome.Task;
    }

    /// <summary>An empty execution context. Only a new thread is sure to have one.</summary>
    static ExecutionContext OfAThreadOfItsOwn()
    {
        ExecutionContext? context = null;
        var thread = new Thread(() => context = ExecutionContext.Capture());
        thread.UnsafeStart();
        thread.Join();
        return context!;
    }

    void BeginIfDue()
    {
        if (_turn.Wait(0)) Begin(static batch => _ = ((Batch<TRequest, TOutcome>)batch!).Write());
        else if (_queue.Reader.Count >= _size && _beside.Wait(0))
            Begin(static batch => _ = ((Batch<TRequest, TOutcome>)batch!).WriteWhileFull());
    }

    /// <remarks>A writer serves many requests, so it does not run in the trace and log scope of the first
    /// one.</remarks>
    void Begin(ContextCallback write) => ExecutionContext.Run(Nobodys, write, this);

    /// <summary>Writes until nothing waits, and then releases the turn of its caller.</summary>
    async Task Write()
    {
        var members = new List<Waiting>();
        do
        {
            while (Take(members))
            {
                var call = RunMembers(members);
                while (!await EndsSoon(call))
                {
                    if (!_beside.Wait(0)) continue;
                    _turn.Release();
                    if (_queue.Reader.Count > 0) BeginIfDue();
                    await call;
                    _beside.Release();
                    return;
                }
            }
            _turn.Release();
            // A request that came between the last look and the release found no turn. So the loop looks once more.
        }
        while (_queue.Reader.Count > 0 && _turn.Wait(0));
    }

    /// <summary>Writes until less than a full call waits. The holder of the turn writes the rest.</summary>
    async Task WriteWhileFull()
    {
        var members = new List<Waiting>();
        while (_queue.Reader.Count >= _size && Take(members)) await RunMembers(members);
        _beside.Release();
    }

    async Task<bool> EndsSoon(Task call)
    {
        await call.WaitAsync(_slow, _clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return call.IsCompleted;
    }

    /// <returns>False when nothing waits.</returns>
    bool Take(List<Waiting> members)
    {
        members.Clear();
        var any = false;
        while (members.Count < _size && _queue.Reader.TryRead(out var next))
        {
            any = true;
            var waited = _clock.GetElapsedTime(next.Since);
            _meter.Waited(waited);
            if (waited > _deadline) next.Outcome.TrySetException(new OverloadedException("waited too long"));
            else members.Add(next);
        }
        return any;
    }

    async Task RunMembers(List<Waiting> members)
    {
        if (members.Count == 0) return;
        _meter.Took(members.Count);
        using var activity = Tracing.BeginFor(members, m => m.From, "batch");
        await RunTogether(members);
    }

    async Task RunTogether(List<Waiting> members)
    {
        try
        {
            var outcomes = await _run(members.ConvertAll(m => m.Request));
            for (var i = 0; i < members.Count; i++) members[i].Outcome.TrySetResult(outcomes[i]);
        }
        catch (Exception e) when (members.Count == 1 || _outcomeIsUnknown(e))
        {
            foreach (var member in members) member.Outcome.TrySetException(e);
        }
        catch (Exception)
        {
            foreach (var member in members) await RunTogether([member]);
        }
    }

    /// <summary>Accepts no more requests, runs those that wait, and returns when the last call has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _turn.WaitAsync();
        for (var place = 0; place < _besides; place++) await _beside.WaitAsync();
        // These came just before the queue was closed, and no writer saw them.
        var members = new List<Waiting>();
        while (Take(members)) await RunMembers(members);
    }
}
