using System.Diagnostics.Metrics;
using Amrutam.Platform.Jobs;
using Amrutam.Platform.Operations;

namespace Amrutam.Platform.Telemetry;

/// <summary>One value of a gauge. <paramref name="Of"/> names its source if there are several.</summary>
readonly record struct GaugeReading(double Value, string? Of = null);

/// <summary>A gauge whose value must be queried, mostly from the database.</summary>
/// <param name="Name">By OpenTelemetry's conventions.</param>
/// <param name="Unit">By UCUM, as <c>s</c> or <c>{event}</c>.</param>
/// <param name="Description">The text that an operator reads with it.</param>
/// <param name="Label">The label that distinguishes its values; null if there is one value.</param>
/// <param name="Read">Queries the present values.</param>
sealed record PolledGauge(string Name, string Unit, string Description, string? Label,
    Func<IServiceProvider, CancellationToken, Task<IEnumerable<GaugeReading>>> Read);

/// <summary>Queries every gauge at intervals, so that a scrape neither costs the database anything nor waits.</summary>
/// <remarks> If the query fails, the value becomes not-a-number. An old value would look like a good one, and a missing
/// one would look like an alert that has ended. </remarks>
sealed class PolledGauges : IJob
{
    // A slower query has failed, and must not hold back the others for long.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    readonly IServiceProvider _services;
    readonly TelemetrySettings _settings;
    readonly FailureLog _failures;
    readonly List<Watched> _watched;

    sealed class Watched(PolledGauge sign)
    {
        public PolledGauge Sign { get; } = sign;

        public Measurement<double>[] Last { get; private set; } = [];

        public void Take(IEnumerable<GaugeReading> readings) =>
            Last = [.. readings.Select(r => Measure(r.Value, r.Of))];

        public void Lose() => Last = [.. Last.Select(l => new Measurement<double>(double.NaN, l.Tags))];

        Measurement<double> Measure(double value, string? of) => Sign.Label is { } label
            ? new(value, new KeyValuePair<string, object?>(label, of))
            : new(value);
    }

    public PolledGauges(IServiceProvider services, IEnumerable<PolledGauge> signs, IMeterFactory meters,
        TelemetrySettings settings, FailureLog failures)
    {
        (_services, _settings, _failures) = (services, settings, failures);
        _watched = [.. signs.Select(sign => new Watched(sign))];
        var meter = meters.Create("Amrutam.VitalSigns");
        foreach (var watched in _watched)
            meter.CreateObservableGauge(watched.Sign.Name, () => watched.Last, watched.Sign.Unit,
                watched.Sign.Description);
    }

    string IJob.Name => "take_vital_signs";

    public TimeSpan Every => TimeSpan.FromSeconds(_settings.LookSeconds);

    async Task<TimeSpan> IJob.RunOnce(CancellationToken stopping)
    {
        await Look(stopping);
        return Every;
    }

    public async Task Look(CancellationToken ct)
    {
        foreach (var watched in _watched)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
            patience.CancelAfter(Patience);
            try
            {
                watched.Take(await watched.Sign.Read(_services, patience.Token));
            }
            // It catches every kind of exception, because one failed gauge must not end the queries of the others.
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                watched.Lose();
                _failures.Report("gauge " + watched.Sign.Name, e);
            }
        }
    }
}
