using System.Diagnostics.Metrics;
using Amrutam.Platform.Jobs;

namespace Amrutam.Platform.Telemetry;

/// <summary>One value of a vital sign; <paramref name="Of"/> names whose, where there are several.</summary>
readonly record struct GaugeReading(double Value, string? Of = null);

/// <summary>A gauge that has to be asked for, mostly of the database.</summary>
/// <param name="Name">By OpenTelemetry's conventions.</param>
/// <param name="Unit">By UCUM, as <c>s</c> or <c>{event}</c>.</param>
/// <param name="Description">What the operator reads beside it.</param>
/// <param name="Label">What tells its values apart; null when there is one.</param>
/// <param name="Read">Asks for the values as they are now.</param>
sealed record PolledGauge(string Name, string Unit, string Description, string? Label,
    Func<IServiceProvider, CancellationToken, Task<IEnumerable<GaugeReading>>> Read);

/// <summary>Asks for every vital sign now and then, so that a scrape costs the database nothing and waits for
/// nothing.</summary>
/// <remarks>
/// What cannot be asked, because the database is away, becomes not-a-number: an old value would look like a good one,
/// and a missing one like an alert that has ended.
/// </remarks>
sealed partial class PolledGauges : IJob
{
    // A sign that takes longer is itself a bad sign, and must not hold back the others for long.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    readonly IServiceProvider _services;
    readonly TelemetrySettings _settings;
    readonly ILogger<PolledGauges> _log;
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
        TelemetrySettings settings, ILogger<PolledGauges> log)
    {
        (_services, _settings, _log) = (services, settings, log);
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
            // Whatever it was: one sign that cannot be read must not end the looking at all the others.
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                watched.Lose();
                LogLost(e, watched.Sign.Name);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "the vital sign {Part} could not be read")]
    partial void LogLost(Exception exception, string part);
}
