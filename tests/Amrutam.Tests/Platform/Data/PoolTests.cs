using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using static Amrutam.Tests.Support.Waiting;

namespace Amrutam.Tests.Platform.Data;

/// <summary>The pool that serves.</summary>
public sealed class PoolTests(TestCluster cluster)
{
    const int Connections = 5;

    [Fact]
    public async Task Connections_of_a_burst_stay_open_for_the_next()
    {
        var database = await cluster.NewDatabase();
        // The driver closes connections that were idle for longer.
        var impatient = database with
        {
            App = database.App + ";Connection Idle Lifetime=1;Connection Pruning Interval=1",
        };
        await using var pool = impatient.Open("bursts", Connections, NullLoggerFactory.Instance);
        var before = await Burst(pool);
        // A pool without the server's settings shows that the driver's time is over.
        await using var usual = NpgsqlDataSource.Create(impatient.App + ";Application Name=usual");
        await Burst(usual);
        await using var owner = NpgsqlDataSource.Create(database.Owner);
        await Until(() => owner.Statement(UsualIsClosed).Value<bool>());
        (await Burst(pool)).ShouldBe(before);
    }

    const string UsualIsClosed = """
        select not exists (select from pg_stat_activity
           where datname = current_database() and application_name = 'usual')
        """;

    /// <returns>The process ids of all connections, open at the same time.</returns>
    static async Task<List<int>> Burst(NpgsqlDataSource pool)
    {
        var open = new List<NpgsqlConnection>();
        var processes = new List<int>();
        for (var n = 0; n < Connections; n++)
        {
            open.Add(await pool.OpenConnectionAsync());
            processes.Add(open[^1].ProcessID);
        }
        foreach (var connection in open) await connection.DisposeAsync();
        processes.Sort();
        return processes;
    }
}
