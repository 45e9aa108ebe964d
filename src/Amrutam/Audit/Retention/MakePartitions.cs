using Amrutam.Platform.Data;
using Amrutam.Platform.Jobs;
using Amrutam.Platform.Telemetry;
using Npgsql;

namespace Amrutam.Audit.Retention;

/// <summary>Makes the event log's partitions for the months ahead.</summary>
/// <remarks>An event without a partition fails the change that it belongs to. Several months ahead leave time to
/// notice.</remarks>
sealed class MakePartitions(NpgsqlDataSource db) : IJob
{
    const int MonthsAhead = 3;
    static readonly TimeSpan Every = TimeSpan.FromHours(12);

    string IJob.Name => "make_partitions";

    TimeSpan IJob.Every => Every;

    public async Task<TimeSpan> RunOnce(CancellationToken stopping)
    {
        await db.Statement(Make).With(MonthsAhead).Value<int>(stopping);
        return Every;
    }

    public static async Task<IEnumerable<GaugeReading>> CountAhead(IServiceProvider services, CancellationToken ct) =>
        [new(await services.GetRequiredService<NpgsqlDataSource>().Statement(MonthsReady).With(MonthsAhead)
            .Value<int>(ct))];

    // Up to the first month without a partition: later ones do not help when that month begins.
    const string MonthsReady = """
        select coalesce(min(n) filter (where to_regclass(format('audit.events_%s', to_char(
                   date_trunc('month', now() at time zone 'UTC') + make_interval(months => n), 'YYYY_MM'))) is null),
                   $1 + 1)::int - 1
          from generate_series(0, $1::int) as n
        """;

    const string Make = "select audit.make_partitions(0, $1)";
}
