using Amrutam.Platform;
using Npgsql;

namespace Amrutam.Audit;

/// <summary>Keeps the event log's partitions ready for the months ahead.</summary>
/// <remarks>An event without a partition would refuse the change it belongs to, so there are months of time to
/// notice.</remarks>
sealed partial class MakePartitions(NpgsqlDataSource db, TimeProvider clock, ILogger<MakePartitions> log)
    : BackgroundService
{
    const int MonthsAhead = 3;
    static readonly TimeSpan Every = TimeSpan.FromHours(12), AfterFailure = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var pause = Every;
            try
            {
                await db.Statement(Make).With(MonthsAhead).Value<int>(stoppingToken);
            }
            catch (NpgsqlException e)
            {
                LogFailure(e);
                pause = AfterFailure;
            }
            await Task.Delay(pause, clock, stoppingToken);
        }
    }

    const string Make = "select audit.make_partitions(0, $1)";

    [LoggerMessage(Level = LogLevel.Error, Message = "the partitions of the event log were not made")]
    partial void LogFailure(Exception exception);
}
