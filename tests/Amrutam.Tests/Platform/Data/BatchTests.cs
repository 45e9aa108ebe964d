using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Amrutam.Platform.Data;
using Amrutam.Platform.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using static Amrutam.Tests.Support.Waiting;

namespace Amrutam.Tests.Platform.Data;

public sealed class BatchTests
{
    const int Size = 4, Capacity = 8;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60), Slow = TimeSpan.FromMilliseconds(50);

    static readonly IMeterFactory Meters =
        new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();

    readonly ConcurrentQueue<int[]> _calls = new();
    TaskCompletionSource _gate = Open();

    [Fact]
    public async Task A_lone_request_begins_before_its_caller_continues()
    {
        await using var batch = Of(besides: 1);
        _gate = new();
        var asked = batch.Run(1);
        _calls.Single().ShouldBe([1]);
        _gate.SetResult();
        (await asked).ShouldBe(10);
    }

    [Fact]
    public async Task Requests_during_a_call_form_the_next_one()
    {
        await using var batch = Of();
        _gate = new();
        var asked = Enumerable.Range(1, 6).Select(batch.Run).ToList();
        _gate.SetResult();
        (await Task.WhenAll(asked)).ShouldBe([10, 20, 30, 40, 50, 60]);
        _calls.ShouldBe([[1], [2, 3, 4, 5], [6]]);
    }

    [Fact]
    public async Task Beside_a_call_another_begins_when_it_is_full()
    {
        await using var batch = new Batch<int, int>("tests", Run, Size, 1, Patience, Capacity, Patience, _ => false,
            Meters, TimeProvider.System);
        _gate = new();
        var asked = Enumerable.Range(1, Size).Select(batch.Run).ToList();
        _calls.ShouldBe([[1]]);
        asked.Add(batch.Run(5));
        _calls.ShouldBe([[1], [2, 3, 4, 5]]);
        asked.AddRange(Enumerable.Range(6, Size).Select(batch.Run));
        _calls.Count.ShouldBe(2);
        _gate.SetResult();
        (await Task.WhenAll(asked).WaitAsync(Patience)).ShouldBe([10, 20, 30, 40, 50, 60, 70, 80, 90]);
    }

    [Fact]
    public async Task Beside_a_slow_call_others_begin_and_beside_as_many_as_allowed_none()
    {
        var clock = new FakeTimeProvider();
        await using var batch = Of(besides: 1, clock);
        var (first, second) = (new TaskCompletionSource(), new TaskCompletionSource());
        _gate = first;
        var slow = batch.Run(1);
        _gate = second;
        var next = batch.Run(2);
        _calls.ShouldBe([[1]]);
        clock.Advance(Slow);
        // No other request comes meanwhile.
        await Until(() => _calls.Count == 2);
        var last = batch.Run(3);
        for (var n = 0; n < 4; n++) clock.Advance(Slow);
        _calls.ShouldBe([[1], [2]]);

        first.SetResult();
        (await slow.WaitAsync(Patience)).ShouldBe(10);
        await Until(() =>
        {
            clock.Advance(Slow);
            return _calls.Count == 3;
        });
        second.SetResult();
        (await Task.WhenAll(next, last).WaitAsync(Patience)).ShouldBe([20, 30]);
    }

    [Fact]
    public async Task A_stop_waits_for_a_slow_call_too()
    {
        var clock = new FakeTimeProvider();
        var batch = Of(besides: 1, clock);
        var first = new TaskCompletionSource();
        _gate = first;
        var asked = batch.Run(1);
        _gate = Open();
        var next = batch.Run(2);
        clock.Advance(Slow);
        (await next.WaitAsync(Patience)).ShouldBe(20);
        var stopping = batch.DisposeAsync().AsTask();
        for (var n = 0; n < 4; n++) clock.Advance(Slow);
        stopping.IsCompleted.ShouldBeFalse();
        first.SetResult();
        await stopping.WaitAsync(Patience);
        asked.IsCompletedSuccessfully.ShouldBeTrue();
    }

    [Theory]
    [InlineData(50)]
    [InlineData(1)]
    public async Task No_request_is_forgotten_however_many_come_and_go_at_once(int slowMilliseconds)
    {
        await using var batch = new Batch<int, int>("tests", async members =>
        {
            if (members[0] % 64 == 0) await Pause(2);
            return await Run(members);
        }, Size, 1, TimeSpan.FromMilliseconds(slowMilliseconds), 1_000, Patience, _ => false, Meters,
            TimeProvider.System);
        await Parallel.ForEachAsync(Enumerable.Range(0, 16), async (client, ct) =>
        {
            for (var n = 0; n < 2_000; n++)
                (await batch.Run(client + n).WaitAsync(Patience, ct)).ShouldBe((client + n) * 10);
        }).WaitAsync(Patience);
        _calls.Sum(call => call.Length).ShouldBe(32_000);
        _calls.ShouldAllBe(call => call.Length <= Size);
    }

    [Fact]
    public async Task One_that_fails_fails_alone()
    {
        await using var batch = Of();
        _gate = new();
        var asked = new[] { 1, 2, -3, 4 }.Select(batch.Run).ToList();
        _gate.SetResult();
        (await asked[0], await asked[1], await asked[3]).ShouldBe((10, 20, 40));
        await Should.ThrowAsync<FormatException>(asked[2]);
    }

    [Fact]
    public async Task A_request_beyond_the_capacity_is_refused()
    {
        await using var batch = Of();
        _gate = new();
        var asked = Enumerable.Range(1, Capacity + 1).Select(batch.Run).ToList();
        await Should.ThrowAsync<OverloadedException>(batch.Run(100));
        _gate.SetResult();
        (await Task.WhenAll(asked)).Length.ShouldBe(Capacity + 1);
    }

    [Fact]
    public async Task A_request_past_its_deadline_is_refused_and_not_run()
    {
        var clock = new FakeTimeProvider();
        await using var batch = Of(clock: clock);
        _gate = new();
        var (running, late) = (batch.Run(1), batch.Run(2));
        clock.Advance(Patience + TimeSpan.FromSeconds(1));
        var early = batch.Run(3);
        _gate.SetResult();
        (await running, await early).ShouldBe((10, 30));
        await Should.ThrowAsync<OverloadedException>(late);
        _calls.ShouldBe([[1], [3]]);
    }

    [Fact]
    public async Task A_stop_runs_what_waits_and_takes_no_more()
    {
        var batch = Of();
        _gate = new();
        var asked = Enumerable.Range(1, 6).Select(batch.Run).ToList();
        var stopping = batch.DisposeAsync().AsTask();
        await Should.ThrowAsync<OverloadedException>(batch.Run(7));
        stopping.IsCompleted.ShouldBeFalse();
        _gate.SetResult();
        await stopping.WaitAsync(Patience);
        asked.ShouldAllBe(one => one.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_batch_does_not_run_in_the_trace_of_its_first_request()
    {
        Activity? seen = null;
        await using var batch = new Batch<int, int>("tests", async members =>
        {
            await Task.Yield();
            seen = Activity.Current;
            return [.. members];
        }, Size, 0, Patience, Capacity, Patience, _ => false, Meters, TimeProvider.System);
        using var mine = new Activity("mine").Start();
        await batch.Run(1);
        seen.ShouldBeNull();
        Activity.Current.ShouldBe(mine);

        mine.ActivityTraceFlags |= ActivityTraceFlags.Recorded;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Tracing.SourceName,
            // Other code of this process has traces of its own, which other listeners may record.
            Sample = (ref asked) => asked.Parent.TraceId == mine.TraceId
                ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
        };
        ActivitySource.AddActivityListener(listener);
        await batch.Run(2);
        seen.ShouldNotBeNull().TraceId.ShouldBe(mine.TraceId, "what is recorded goes on in the batch's own span");
        seen.OperationName.ShouldBe("batch");
    }

    Batch<int, int> Of(int besides = 0, TimeProvider? clock = null) =>
        new("tests", Run, Size, besides, Slow, Capacity, Patience, _ => false, Meters,
            clock ?? TimeProvider.System);

    async Task<int[]> Run(IReadOnlyList<int> members)
    {
        _calls.Enqueue([.. members]);
        // A test that fails before it opens the gate ends too.
        await _gate.Task.WaitAsync(Patience);
        await Task.Yield();
        if (members.Any(m => m < 0)) throw new FormatException("negative");
        return [.. members.Select(m => m * 10)];
    }

    static TaskCompletionSource Open()
    {
        var gate = new TaskCompletionSource();
        gate.SetResult();
        return gate;
    }
}
