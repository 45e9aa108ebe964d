using Amrutam.Platform.Data;
using Amrutam.Platform.Jobs;
using Npgsql;

namespace Amrutam.Platform.Idempotency;

/// <summary>Deletes stored responses that are a day old: after that the same key is a new request.</summary>
/// <remarks>Any number of replicas may run it: one skips rows that another deletes. Each transaction deletes few rows,
/// so that no booking reads past many dead ones.</remarks>
sealed class ForgetKeys(NpgsqlDataSource db) : IJob
{
    // The contract keeps a key for a day.
    const int KeptHours = 24, AtOnce = 5_000, MostRounds = 200;
    static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    string IJob.Name => "forget_keys";

    TimeSpan IJob.Every => Every;

    async Task<TimeSpan> IJob.RunOnce(CancellationToken stopping)
    {
        await Run(stopping);
        return Every;
    }

    /// <returns>The number of deleted keys.</returns>
    public async Task<int> Run(CancellationToken stopping)
    {
        var all = 0;
        for (var round = 0; round < MostRounds && !stopping.IsCancellationRequested; round++)
        {
            var forgotten = await db.InTransaction(async connection =>
            {
                await connection.Statement(LookByAge).Execute();
                return await connection.Statement(Forget).With(KeptHours).With(AtOnce).Execute();
            });
            all += forgotten;
            if (forgotten < AtOnce) break;
        }
        return all;
    }

    // Because of the limit the planner would read the table from its beginning: all of it when no key is old. The index
    // by age (BRIN) finds the old rows.
    const string LookByAge = "set local enable_seqscan = off";

    const string Forget = """
        delete from platform.idempotency_keys where ctid = any(array(
            select ctid from platform.idempotency_keys
             where created_at < statement_timestamp() - $1 * interval '1 hour' limit $2 for update skip locked))
        """;
}
