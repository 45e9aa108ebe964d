using Amrutam.Platform.Data;
using Amrutam.Platform.Jobs;
using Amrutam.Scheduling.Contracts;
using Npgsql;

namespace Amrutam.Analytics;

/// <summary>Writes the number of refused requests to book, by day and problem, every two seconds and at the
/// stop.</summary>
/// <remarks>Each replica adds its own counts. A server that is killed loses the counts of at most two
/// seconds.</remarks>
sealed class CountRefusals(NpgsqlDataSource db, RefusedRequests refused, JobRunner jobs, TimeProvider clock)
    : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await jobs.Every("count_refusals", Pause, Flush, stoppingToken);
        await jobs.Run("count_refusals", Pause, Flush, CancellationToken.None)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Writes the counts since the last call; on an error they wait for the next.</summary>
    public async Task Flush()
    {
        var counts = refused.Take();
        if (counts.Count == 0) return;
        try
        {
            await db.Statement(Add).With(Clinic.Today(clock).ToDateOnly())
                .With(counts.ConvertAll(c => c.Code).ToArray()).With(counts.ConvertAll(c => c.N).ToArray()).Execute();
        }
        catch (NpgsqlException)
        {
            foreach (var (code, n) in counts) refused.Add(code, n);
            throw;
        }
    }

    const string Add = """
        insert into analytics.attempts as a (day, outcome, n)
        select $1::date, code, n from unnest($2::text[], $3::bigint[]) as refused (code, n) order by code
        on conflict (day, outcome) do update set n = a.n + excluded.n
        """;
}
