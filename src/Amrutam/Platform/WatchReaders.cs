using Npgsql;

namespace Amrutam.Platform;

/// <summary>Keeps how far each reader of the event log is behind, for whoever measures and may not wait.</summary>
sealed class WatchReaders(Vitals vitals, TimeProvider clock) : BackgroundService
{
    static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    /// <summary>As it was a few seconds ago; empty while the database is away, because nothing is known then.</summary>
    public IReadOnlyList<ReaderLag> Latest { get; private set; } = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                Latest = await vitals.Readers(stoppingToken);
            }
            catch (NpgsqlException)
            {
                Latest = [];
            }
            await Task.Delay(Every, clock, stoppingToken);
        }
    }
}
