using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Amrutam.Platform.Operations;
using Amrutam.Platform.Telemetry;

namespace Amrutam.Platform.Jobs;

/// <summary>Runs jobs and loops, and measures and traces them: how often, how long, their ends, and their last
/// success.</summary>
/// <remarks> A run has a trace of its own even when nobody records it, so that its log lines and events share one id.
/// Metrics have the job's own interval besides the age of its last success, so one alert serves every job. No job
/// begins before the server has answered for half a second. Then they begin one after another, so that the first
/// requests come first. </remarks>
sealed class JobRunner
{
    const string Label = "amrutam.job.name";
    static readonly double[] Edges = [.001, .005, .01, .05, .1, .5, 1, 5, 10, 60, 300];

    // A job that failed runs again within a minute, even if it usually runs twice a day.
    static readonly TimeSpan LongestAfterFailure = TimeSpan.FromMinutes(1);

    // The first run compiles its code, on the cores that the first requests need.
    static readonly TimeSpan BeforeFirstRun = TimeSpan.FromMilliseconds(500),
        BetweenFirstRuns = TimeSpan.FromMilliseconds(100);

    readonly TimeProvider _clock;
    readonly FailureLog _failures;
    readonly CancellationToken _started;
    int _begun;
    readonly Histogram<double> _duration;
    readonly ConcurrentDictionary<string, State> _states = new(StringComparer.Ordinal);

    /// <param name="Since">The time of its last success, or of its first start if it has had none.</param>
    readonly record struct State(TimeSpan Every, long Since);

    /// <param name="host">Null if there is no server to wait for.</param>
    public JobRunner(IMeterFactory meters, TimeProvider clock, FailureLog failures,
        IHostApplicationLifetime? host = null)
    {
        (_clock, _failures, _started) = (clock, failures, host?.ApplicationStarted ?? new(canceled: true));
        var meter = meters.Create("Amrutam.Jobs");
        _duration = meter.CreateHistogram("amrutam.job.duration", "s",
            "Runs of a job by outcome, and how long they took",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = Edges });
        meter.CreateObservableGauge("amrutam.job.interval", Each(s => s.Every.TotalSeconds), "s",
            "How often the job means to run");
        meter.CreateObservableGauge("amrutam.job.since_success", Each(s => _clock.GetElapsedTime(s.Since).TotalSeconds),
            "s", "How long ago the job last succeeded here, or first began when it has not");
    }

    /// <summary>Repeats the work until the server stops, also after a failure.</summary>
    /// <param name="name">A verb phrase, in snake case. Metrics have it as a label.</param>
    /// <param name="every">The pause after a run; at most a minute after a failure.</param>
    /// <param name="work">One run.</param>
    /// <param name="stopping">Ends the repetition.</param>
    public Task Every(string name, TimeSpan every, Func<Task> work, CancellationToken stopping) =>
        Every(name, every, async () =>
        {
            await work();
            return every;
        }, stopping);

    /// <inheritdoc cref="Every(string, TimeSpan, Func{Task}, CancellationToken)"/>
    /// <param name="work">One run. It returns the pause until the next one: zero if there is more to do.</param>
    public async Task Every(string name, TimeSpan every, Func<Task<TimeSpan>> work, CancellationToken stopping)
    {
        await Turn(stopping);
        while (!stopping.IsCancellationRequested)
        {
            var pause = every < LongestAfterFailure ? every : LongestAfterFailure;
            try
            {
                pause = await Run(name, every, work, stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception)
            {
                // The run has logged and counted it.
            }
            await Pause(pause, stopping);
        }
    }

    async Task Turn(CancellationToken stopping)
    {
        if (_started.IsCancellationRequested) return;
        using var began = CancellationTokenSource.CreateLinkedTokenSource(_started, stopping);
        await Pause(Timeout.InfiniteTimeSpan, began.Token);
        await Pause(BeforeFirstRun + BetweenFirstRuns * Interlocked.Increment(ref _begun), stopping);
    }

    async Task Pause(TimeSpan time, CancellationToken end) =>
        await Task.Delay(time, _clock, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <param name="name">A verb phrase, in snake case. Metrics have it as a label.</param>
    /// <param name="every">The usual pause after a run.</param>
    /// <param name="work">One run. Its exception is logged, counted and thrown on.</param>
    /// <param name="stopping">If it ends the run, the log reports no failure.</param>
    public async Task<T> Run<T>(string name, TimeSpan every, Func<Task<T>> work,
        CancellationToken stopping = default)
    {
        var began = _clock.GetTimestamp();
        _states.TryAdd(name, new(every, began));
        using var activity = Tracing.Begin(name);
        var outcome = "failed";
        try
        {
            var result = await work();
            outcome = "succeeded";
            _states[name] = new(every, _clock.GetTimestamp());
            return result;
        }
        catch (Exception e)
        {
            activity.SetTag("error.type", e.GetType().Name).SetStatus(ActivityStatusCode.Error);
            // It is logged here, inside the run's trace.
            if (e is not OperationCanceledException || !stopping.IsCancellationRequested) _failures.Report(name, e);
            throw;
        }
        finally
        {
            _duration.Record(_clock.GetElapsedTime(began).TotalSeconds, new KeyValuePair<string, object?>(Label, name),
                new KeyValuePair<string, object?>("outcome", outcome));
        }
    }

    /// <inheritdoc cref="Run{T}"/>
    public Task Run(string name, TimeSpan every, Func<Task> work, CancellationToken stopping = default) =>
        Run(name, every, async () =>
        {
            await work();
            return true;
        }, stopping);

    Func<IEnumerable<Measurement<double>>> Each(Func<State, double> value) => () => _states.Select(job =>
        new Measurement<double>(value(job.Value), new KeyValuePair<string, object?>(Label, job.Key)));
}
