using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Jobs;
using Amrutam.Platform.Operations;
using Amrutam.Tests.Support.Observing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using static Amrutam.Tests.Support.Waiting;

namespace Amrutam.Tests.Platform.Jobs;

/// <summary>Repeated runs of jobs, and the log of a run that failed.</summary>
public sealed class JobRunnerTests
{
    [Fact]
    public async Task A_run_that_fails_is_logged_in_its_own_trace_and_is_not_the_last()
    {
        var log = new LogLines<FailureLog>();
        using var failures = new FailureLog(log, TimeProvider.System);
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var jobs = new JobRunner(services.GetRequiredService<IMeterFactory>(), TimeProvider.System, failures);
        using var stop = new CancellationTokenSource();
        List<string> runs = [];
        await jobs.Every("try_things", TimeSpan.FromMilliseconds(1), async () =>
        {
            runs.Add(CommonProblems.Trace());
            await Task.Yield();
            if (runs.Count == 3) await stop.CancelAsync();
            if (runs.Count != 2) throw runs.Count == 1 ? new InvalidOperationException() : new FormatException();
        }, stop.Token);
        runs.Distinct().Count().ShouldBe(3);
        log.Written.Select(line => line.Trace).ShouldBe([runs[0], runs[2]]);
    }

    [Fact]
    public async Task A_run_that_the_stop_ends_has_not_failed()
    {
        var log = new LogLines<FailureLog>();
        using var failures = new FailureLog(log, TimeProvider.System);
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var jobs = new JobRunner(services.GetRequiredService<IMeterFactory>(), TimeProvider.System, failures);
        using var stop = new CancellationTokenSource();
        await jobs.Every("try_things", TimeSpan.FromHours(1), async () =>
        {
            await stop.CancelAsync();
            stop.Token.ThrowIfCancellationRequested();
        }, stop.Token);
        log.Written.ShouldBeEmpty();
    }

    [Fact]
    public async Task None_begins_before_the_server_answers()
    {
        await using var services = new ServiceCollection().AddMetrics().AddLogging().BuildServiceProvider();
        var host = new ApplicationLifetime(services.GetRequiredService<ILogger<ApplicationLifetime>>());
        var clock = new FakeTimeProvider();
        using var failures = new FailureLog(new LogLines<FailureLog>(), clock);
        var jobs = new JobRunner(services.GetRequiredService<IMeterFactory>(), clock, failures, host);
        using var stop = new CancellationTokenSource();
        var began = new ConcurrentQueue<int>();
        var running = Enumerable.Range(0, 3).Select(n => jobs.Every($"try_{n}", TimeSpan.FromHours(1), () =>
        {
            began.Enqueue(n);
            return Task.CompletedTask;
        }, stop.Token)).ToList();
        clock.Advance(TimeSpan.FromHours(1));
        began.ShouldBeEmpty();
        host.NotifyStarted();
        began.ShouldBeEmpty();
        await Until(() =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(100));
            return began.Count == 3;
        });
        await stop.CancelAsync();
        await Task.WhenAll(running);
    }
}
