using Amrutam.Commands;
using Amrutam.EmbeddedPostgres;
using Amrutam.Platform.Data;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

[assembly: AssemblyFixture(typeof(Amrutam.Tests.Support.Servers.TestCluster))]

namespace Amrutam.Tests.Support.Servers;

/// <summary>The temporary PostgreSQL of a test run, and a migrated template that each test class copies.</summary>
public sealed class TestCluster : IAsyncLifetime
{
    const string Template = "amrutam_test";
    readonly string _directory = Path.Combine(Path.GetTempPath(), "amrutam-tests-" + Environment.ProcessId);
    readonly SemaphoreSlim _copying = new(1);
    PrivatePostgres _postgres = null!;
    int _databases;

    public async ValueTask InitializeAsync()
    {
        _postgres = await PrivatePostgres.Own(EmbeddedDatabase.Options,
            _directory, NullLogger.Instance, CancellationToken.None, durable: false);
        await Run("create database " + Template);
        await Migrator.Migrate(_postgres.OwnerConnectionString(Template), Program.Modules, CancellationToken.None);
    }

    /// <summary>A new, migrated database for the caller.</summary>
    internal async Task<Database> NewDatabase()
    {
        var name = "t_" + Interlocked.Increment(ref _databases);
        await _copying.WaitAsync();
        try
        {
            await Run($"create database {name} template {Template}");
        }
        finally
        {
            _copying.Release();
        }
        return new(_postgres.OwnerConnectionString(name), _postgres.AppConnectionString(name));
    }

    /// <summary>A copy of a database, for changes that must not reach the original. The original must have no
    /// connections.</summary>
    internal async Task<Database> CopyOf(Database original)
    {
        var (name, source) = ("c_" + Interlocked.Increment(ref _databases),
            new NpgsqlConnectionStringBuilder(original.Owner).Database);
        await Run($"create database {name} template {source}");
        return new(_postgres.OwnerConnectionString(name), _postgres.AppConnectionString(name));
    }

    /// <summary>A new database without a schema, for tests of the migrations.</summary>
    internal async Task<Database> EmptyDatabase()
    {
        var name = "e_" + Interlocked.Increment(ref _databases);
        await Run($"create database {name}");
        return new(_postgres.OwnerConnectionString(name), _postgres.AppConnectionString(name));
    }

    /// <summary>A fresh database as the files of migrations make it. A start would make its rights equal to the
    /// approved ones, which may be older.</summary>
    internal async Task<Database> DatabaseOfMigrationsAlone()
    {
        var database = await EmptyDatabase();
        await using var owner = NpgsqlDataSource.Create(database.Owner);
        await using var connection = await owner.OpenConnectionAsync();
        await Migrator.ApplyFiles(connection, Program.Modules, CancellationToken.None);
        return database;
    }

    async Task Run(string sql)
    {
        await using var connection = new NpgsqlConnection(_postgres.OwnerConnectionString("postgres"));
        await connection.OpenAsync();
        await connection.Statement(sql).Execute();
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await _postgres.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
        _copying.Dispose();
    }
}
