using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Amrutam.Platform.Data;
using Amrutam.Platform.Jobs;
using NodaTime;
using Npgsql;

namespace Amrutam.Analytics;

/// <summary>Keeps how many requests to book were confirmed and how many refused, and why, a day at a time.</summary>
/// <remarks>
/// Scheduling counts them on its meter; this listens there, so that Scheduling need not know. Counts are written
/// together every few seconds: a server that is killed loses those few seconds of this chart, and of nothing else.
/// </remarks>
sealed class CountAttempts(NpgsqlDataSource db, JobRunner jobs, TimeProvider clock) : BackgroundService
{
    const string Meter = "Amrutam.Scheduling", Counter = "amrutam.bookings", Tag = "outcome";
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    readonly ConcurrentDictionary<(LocalDate Day, string Outcome), long> _counted = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var listener = Listen();
        await jobs.Every("count_attempts", Pause, Flush, stoppingToken);
        // What was counted since then; a server that stops has a moment left for it.
        await jobs.Run("count_attempts", Pause, Flush, CancellationToken.None)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Writes what was counted since the last time; what cannot be written is kept for the next.</summary>
    public async Task Flush()
    {
        var counts = _counted.Keys.Select(key => (key.Day, key.Outcome, N: _counted.TryRemove(key, out var n) ? n : 0))
            .Where(c => c.N > 0).ToList();
        if (counts.Count == 0) return;
        try
        {
            await db.Statement(Add).With(counts.ConvertAll(c => c.Day.ToDateOnly()).ToArray())
                .With(counts.ConvertAll(c => c.Outcome).ToArray()).With(counts.ConvertAll(c => c.N).ToArray())
                    .Execute();
        }
        catch (NpgsqlException)
        {
            foreach (var (day, outcome, n) in counts) Count(day, outcome, n);
            throw;
        }
    }

    MeterListener Listen()
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == Meter && instrument.Name == Counter) self
                    .EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, n, tags, _) =>
        {
            foreach (var (name, value) in tags)
                if (name == Tag && value is string outcome) Count(Clinic.Today(clock), outcome, n);
        });
        listener.Start();
        return listener;
    }

    void Count(LocalDate day, string outcome, long n) =>
        _counted.AddOrUpdate((day, outcome), static (_, more) => more, static (_, before, more) => before + more, n);

    const string Add = """
        insert into analytics.attempts as a (day, outcome, n) select * from unnest($1::date[], $2::text[], $3::bigint[])
        on conflict (day, outcome) do update set n = a.n + excluded.n
        """;
}
