using Amrutam.Platform.Data;
using Amrutam.Platform.Jobs;
using Npgsql;

namespace Amrutam.Platform.Idempotency;

/// <summary>Forgets what keyed requests were answered a day ago: after that the same key is a new wish.</summary>
/// <remarks>Any number of replicas may run it: rows that another deletes are skipped. Little at a time, so that no
/// booking waits for a long transaction's dead rows.</remarks>
sealed class ForgetKeys(NpgsqlDataSource db) : IJob
{
    // The contract's day.
    const int KeptHours = 24, AtOnce = 5_000, MostRounds = 200;
    static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    string IJob.Name => "forget_keys";

    TimeSpan IJob.Every => Every;

    async Task<TimeSpan> IJob.RunOnce(CancellationToken stopping)
    {
        await Run(stopping);
        return Every;
    }

    /// <returns>How many keys it forgot.</returns>
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

    // The planner takes the limit for a reason to read the table from its beginning, which is all of it when no key is
    // old; the summary of ages (BRIN) knows.
    const string LookByAge = "set local enable_seqscan = off";

    const string Forget = """
        delete from scheduling.idempotency_keys where ctid = any(array(
            select ctid from scheduling.idempotency_keys
             where created_at < statement_timestamp() - $1 * interval '1 hour' limit $2 for update skip locked))
        """;
}
