using System.Diagnostics;
using Amrutam.Commands;
using Amrutam.EmbeddedPostgres;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Amrutam.Tests.Audit;

public sealed class RestoredLogTests(TestCluster cluster)
{
    [Fact]
    public async Task A_sealed_log_is_valid_after_a_dump_and_a_restore_into_a_fresh_cluster_and_goes_on()
    {
        var (here, there) = (Directory.CreateTempSubdirectory("amrutam-before-"),
            Directory.CreateTempSubdirectory("amrutam-after-"));
        var database = await cluster.NewDatabase();
        await using var owner = NpgsqlDataSource.Create(database.Owner);
        await using (var sealer = Sealer.Over(database, here.FullName))
        {
            await Append(owner, 20);
            await sealer.SealAll();
            await Append(owner, 5);
        }
        await using var fresh = await PrivatePostgres.Own(EmbeddedDatabase.Options,
            Path.Combine(there.FullName, "data"), NullLogger.Instance,
            CancellationToken.None, durable: false);
        var restored = new Database(fresh.OwnerConnectionString(), fresh.AppConnectionString());
        await Copy(database, restored);
        await Migrator.Migrate(restored.Owner, Program.Modules, CancellationToken.None);
        await using var after = NpgsqlDataSource.Create(restored.Owner);
        await Append(after, 20);
        await using var next = Sealer.Over(restored, here.FullName);
        (await next.Broken()).ShouldBeNull("as it was restored");
        await next.SealAll();
        (await next.Broken()).ShouldBeNull("with what was written since");
        // The five events that the dump had unsealed are sealed in their own epoch, before those of the next epoch.
        next.State.Last!.Events.ShouldBe(20 + 1 + 5 + 20);
        (await after.Statement("select count(distinct epoch) from audit.events").Value<long>()).ShouldBe(2);
        NpgsqlConnection.ClearAllPools();
        await fresh.DisposeAsync();
        here.Delete(recursive: true);
        there.Delete(recursive: true);
    }

    static async Task Append(NpgsqlDataSource db, int events)
    {
        for (var i = 0; i < events; i++)
            await db.Append("things.changed", "thing", Guid.CreateVersion7(), $$"""{"b": {{i}}.10, "a": "\u0915"}""");
    }

    static async Task Copy(Database from, Database to)
    {
        var start = new ProcessStartInfo("bash",
            ["-euo", "pipefail", "-c", "pg_dump \"$FROM\" | psql -q -v ON_ERROR_STOP=1 \"$TO\" >/dev/null"])
        {
            UseShellExecute = false, RedirectStandardError = true,
            Environment = { ["FROM"] = Libpq(from.Owner), ["TO"] = Libpq(to.Owner) },
        };
        using var process = Process.Start(start)!;
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, said);
    }

    static string Libpq(string connectionString)
    {
        var parts = new NpgsqlConnectionStringBuilder(connectionString);
        return $"host={parts.Host} port={parts.Port} user={parts.Username} password={parts.Password} "
            + $"dbname={parts.Database}";
    }
}
