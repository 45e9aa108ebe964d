using Amrutam.Platform.Data;
using Amrutam.Platform.Jobs;
using Npgsql;

namespace Amrutam.Platform.Idempotency;

/// <summary>Deletes stored responses that are a day old, and an account's oldest refusals above a number or a size.
/// After that the same key is a new request.</summary>
/// <remarks>Any number of replicas may run it: one skips rows that another deletes. Each transaction deletes few rows,
/// so that no booking reads past many dead ones.</remarks>
sealed class ForgetKeys(NpgsqlDataSource db) : IJob
{
    // A person has some refusals a day. To repeat a refused request changes nothing, so its key is the least loss.
    // A usual refusal takes half a kilobyte. The largest one lists a hundred bookings.
    public const int MostRefusals = 1_000, MostRefusalBytes = 1 << 20;

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
    public async Task<int> Run(CancellationToken stopping) =>
        await Forget(connection => connection.Statement(ForgetRefusals).With(MostRefusals).With(MostRefusalBytes)
            .With(AtOnce), stopping)
        + await Forget(connection => connection.Statement(ForgetOld).With(KeptHours).With(AtOnce), stopping);

    async Task<int> Forget(Func<NpgsqlConnection, Statement> forget, CancellationToken stopping)
    {
        var all = 0;
        for (var round = 0; round < MostRounds && !stopping.IsCancellationRequested; round++)
        {
            var forgotten = await db.InTransaction(async connection =>
            {
                await connection.Statement(LookByAge).Execute();
                return await forget(connection).Execute();
            });
            all += forgotten;
            if (forgotten < AtOnce) break;
        }
        return all;
    }

    // Because of the limit the planner might read the table from its beginning: all of it when nothing is to go.
    const string LookByAge = "set local enable_seqscan = off";

    const string ForgetOld = """
        delete from platform.idempotency_keys where ctid = any(array(
            select ctid from platform.idempotency_keys
             where created_at < statement_timestamp() - $1 * interval '1 hour'
             order by created_at limit $2 for update skip locked))
        """;

    // The index on refusals is read in its order: the keys of an account by age. The size of a body is that on disk,
    // and a compressed one is not unpacked for it. The caller also chose the key.
    const string ForgetRefusals = """
        delete from platform.idempotency_keys where ctid = any(array(
            select address from (
                select ctid as address, row_number() over newest_first as n,
                       sum(pg_column_size(body) + pg_column_size(route) + pg_column_size(key)) over newest_first
                           as bytes
                  from platform.idempotency_keys where status >= 400
                window newest_first as (partition by user_id order by created_at desc rows unbounded preceding)) refused
             where n > $1 or bytes > $2 limit $3))
        """;
}
