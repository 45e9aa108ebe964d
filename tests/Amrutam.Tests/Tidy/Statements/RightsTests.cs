using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Npgsql;

namespace Amrutam.Tests.Tidy.Statements;

/// <summary>rights.sql of each module is what its migrations grant.</summary>
[Trait("Approves", "contract")]
public sealed class RightsTests(TestCluster cluster)
{
    const string Head = "-- Generated from the migrated catalogue by ./x approve; reviewed, not edited.\n";

    [Fact]
    public async Task The_approved_rights_are_what_the_migrations_grant()
    {
        await using var owner = NpgsqlDataSource.Create((await cluster.DatabaseOfMigrationsAlone()).Owner);
        await using var connection = await owner.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        foreach (var module in Product.Modules.Select(m => m.Module).Where(m => m.Schema is not null))
        {
            var rights = await Rights.Read(connection, [module.Schema!]);
            var folder = module.Name == "Platform" ? "src/Amrutam.Platform/Data" : "src/Amrutam/" + module.Name;
            (Head + string.Concat(rights.Select(right => right.Grant + ";\n")))
                .ShouldBeApproved(folder + "/rights.sql");
        }
    }
}
