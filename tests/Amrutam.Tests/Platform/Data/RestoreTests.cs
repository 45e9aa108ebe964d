using Amrutam.Commands;
using Amrutam.EmbeddedPostgres;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Amrutam.Tests.Platform.Data;

/// <summary>A dump that is restored into a new cluster.</summary>
public sealed class RestoreTests(TestCluster cluster)
{
    [Fact]
    public async Task After_a_restore_into_a_fresh_cluster_each_event_is_still_applied_once_and_in_order()
    {
        var source = await cluster.NewDatabase();
        await using var old = NpgsqlDataSource.Create(source.Owner);
        await Replica.MakeEffects(old);
        var things = Enumerable.Range(0, 6).Select(_ => Guid.CreateVersion7()).ToArray();
        foreach (var thing in things[..2]) await old.Append("things.changed", "thing", thing);
        await using (var replica = await Replica.Start(source)) await replica.ShouldHaveRead(things[..2]);
        foreach (var thing in things[2..4]) await old.Append("things.changed", "thing", thing);

        var directory = Path.Combine(Path.GetTempPath(), "amrutam-restore-" + Guid.CreateVersion7());
        try
        {
            await using var fresh =
                await PrivatePostgres.Own(EmbeddedDatabase.Options,
            directory, NullLogger.Instance, CancellationToken.None, durable: false);
            await using (var postgres = NpgsqlDataSource.Create(fresh.OwnerConnectionString("postgres")))
                await postgres.Statement("create database restored").Execute();
            var target = new Database(fresh.OwnerConnectionString("restored"), fresh.AppConnectionString("restored"));
            var dump = Path.Combine(directory, "dump.sql");
            await Run("pg_dump", source.Owner, "--no-owner", "--file=" + dump);
            await Run("psql", target.Owner, "--quiet", "--set=ON_ERROR_STOP=1", "--file=" + dump);
            await Migrator.Migrate(target.Owner, Program.Modules, CancellationToken.None);
            await using var owner = NpgsqlDataSource.Create(target.Owner);
            foreach (var thing in things[4..]) await owner.Append("things.changed", "thing", thing);
            await using (var replica = await Replica.Start(target)) await replica.ShouldHaveRead(things);
            (await owner.Statement("select max(epoch) from audit.events").Value<int>()).ShouldBe(2);
            (await owner.Statement("select after_position from platform.event_epochs where epoch = 2").Value<long>())
                .ShouldBe(4);
        }
        finally
        {
            NpgsqlConnection.ClearAllPools();
            Directory.Delete(directory, recursive: true);
        }
    }

    static async Task<string> Run(string program, string connection, params string[] arguments)
    {
        var (code, said) = await PostgresProgram.Run(connection, program, arguments);
        code.ShouldBe(0, said);
        return said;
    }
}
