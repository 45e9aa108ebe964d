using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Servers;
using Npgsql;

namespace Amrutam.Tests.Platform.Data;

/// <summary>A program and a database that another version has migrated.</summary>
public sealed class SchemaVersionTests(TestCluster cluster)
{
    [Fact]
    public async Task A_database_one_release_ahead_is_served_and_left_as_it_is()
    {
        var database = await Ahead("999.1.0", servesFrom: "0.1.0");
        await using var owner = NpgsqlDataSource.Create(database.Owner);
        // A right of the newer version.
        await owner.Statement("grant update on audit.seals to amrutam_app").Execute();
        var migrated = await Migrator.Migrate(database.Owner, Program.Modules, CancellationToken.None);
        migrated.Applied.ShouldBeEmpty();
        migrated.Ahead.ShouldBe("999.1.0");
        (await owner.Statement("select version from platform.schema_version").Value<string>()).ShouldBe("999.1.0");
        (await owner.Statement("select has_table_privilege('amrutam_app', 'audit.seals', 'update')").Value<bool>())
            .ShouldBeTrue();
    }

    [Fact]
    public async Task A_database_that_is_further_ahead_is_refused_with_both_versions()
    {
        var database = await Ahead("999.2.0", servesFrom: "999.1.0");
        (await Should.ThrowAsync<StartupException>(() =>
            Migrator.Migrate(database.Owner, Program.Modules, CancellationToken.None))).Message
            .ShouldStartWith("The database was migrated by Amrutam 999.2.0, on which programs from 999.1.0 on work. ");
    }

    [Fact]
    public async Task The_first_start_of_a_version_records_it()
    {
        await using var owner = NpgsqlDataSource.Create((await cluster.NewDatabase()).Owner);
        (await owner.Statement("select version >= serves_from from platform.schema_version").Value<bool>())
            .ShouldBeTrue();
    }

    async Task<Database> Ahead(string version, string servesFrom)
    {
        var database = await cluster.NewDatabase();
        await using var owner = NpgsqlDataSource.Create(database.Owner);
        await owner.Statement("update platform.schema_version set version = $1, serves_from = $2").With(version)
            .With(servesFrom).Execute();
        await owner.Statement("insert into platform.migrations (number, name, hash) values (9999, 'of_the_next', '')")
            .Execute();
        return database;
    }
}
