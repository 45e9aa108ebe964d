using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Amrutam.Platform.Telemetry;

namespace Amrutam.Platform.Jobs;

/// <summary>Runs what runs by itself, and measures and traces it: how often, how long, how it ended, when it last
/// succeeded.</summary>
/// <remarks>
/// A run has a trace of its own even when nobody records it, so that its log lines and events carry one id. Beside the
/// age of the last success stands the job's own interval, so that one alert serves every job, also the next. None
/// begins before the server has answered for half a second, and they begin one after another: whoever waited for the
/// start comes first.
/// </remarks>
sealed partial class JobRunner
{
    const string Label = "amrutam.job.name";
    static readonly double[] Edges = [.001, .005, .01, .05, .1, .5, 1, 5, 10, 60, 300];

    // What failed is not left alone for hours because it means to run twice a day.
    static readonly TimeSpan LongestAfterFailure = TimeSpan.FromMinutes(1);

    // What runs for the first time is compiled then, on the cores that the first requests need.
    static readonly TimeSpan BeforeFirstRun = TimeSpan.FromMilliseconds(500),
        BetweenFirstRuns = TimeSpan.FromMilliseconds(100);

    readonly TimeProvider _clock;
    readonly ILogger<JobRunner> _log;
    readonly CancellationToken _started;
    int _begun;
    readonly Histogram<double> _duration;
    readonly ConcurrentDictionary<string, State> _states = new(StringComparer.Ordinal);

    /// <param name="Since">When it last succeeded; when it first began, as long as it has not.</param>
    readonly record struct State(TimeSpan Every, long Since);

    /// <param name="host">Null when there is no server to wait for.</param>
    public JobRunner(IMeterFactory meters, TimeProvider clock, ILogger<JobRunner> log,
        IHostApplicationLifetime? host = null)
    {
        (_clock, _log, _started) = (clock, log, host?.ApplicationStarted ?? new(canceled: true));
        var meter = meters.Create("Amrutam.Jobs");
        _duration = meter.CreateHistogram("amrutam.job.duration", "s",
            "Runs of a job by outcome, and how long they took",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = Edges });
        meter.CreateObservableGauge("amrutam.job.interval", Each(s => s.Every.TotalSeconds), "s",
            "How often the job means to run");
        meter.CreateObservableGauge("amrutam.job.since_success", Each(s => _clock.GetElapsedTime(s.Since).TotalSeconds),
            "s", "How long ago the job last succeeded here, or first began when it has not");
    }

    /// <summary>Runs it again and again until the server stops. A run that fails is not the last one.</summary>
    /// <param name="name">A verb phrase, in snake case: it becomes a label.</param>
    /// <param name="every">How long after one run the next begins; after a failure a minute at most.</param>
    /// <param name="work">One run.</param>
    /// <param name="stopping">Ends it.</param>
    public Task Every(string name, TimeSpan every, Func<Task> work, CancellationToken stopping) =>
        Every(name, every, async () =>
        {
            await work();
            return every;
        }, stopping);

    /// <inheritdoc cref="Every(string, TimeSpan, Func{Task}, CancellationToken)"/>
    /// <param name="work">One run, which tells how long after it the next begins: at once when there is more to
    /// do.</param>
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
                // Logged and counted by the run.
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

    /// <param name="name">A verb phrase, in snake case: it becomes a label.</param>
    /// <param name="every">How long after one run the next begins.</param>
    /// <param name="work">One run. What it throws is logged, counted and thrown on.</param>
    /// <param name="stopping">A run that ends because of it has not failed, as far as the log goes.</param>
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
            // Here, where the run's trace is the present one.
            if (e is not OperationCanceledException || !stopping.IsCancellationRequested) LogFailure(e, name);
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

    [LoggerMessage(Level = LogLevel.Error, Message = "the job {Job} failed; it will be tried again")]
    partial void LogFailure(Exception exception, string job);
}
