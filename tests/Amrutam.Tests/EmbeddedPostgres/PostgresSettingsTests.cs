using Amrutam.Commands;
using Amrutam.EmbeddedPostgres;
using Amrutam.Platform.Data;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Amrutam.Tests.EmbeddedPostgres;

/// <summary>The settings of the private cluster.</summary>
public sealed class PostgresSettingsTests : IAsyncLifetime
{
    // PostgreSQL's user must pass through this folder.
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("amrutam-pg-");
    PrivatePostgres _postgres = null!;
    NpgsqlDataSource _db = null!;

    public async ValueTask InitializeAsync()
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_folder.FullName,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);
        _postgres = await PrivatePostgres.Own(EmbeddedDatabase.Options,
            Path.Combine(_folder.FullName, "data"), NullLogger.Instance,
            CancellationToken.None, durable: false);
        _db = NpgsqlDataSource.Create(_postgres.OwnerConnectionString());
    }

    [Fact]
    public async Task Its_buffers_are_an_eighth_of_the_memory_within_bounds()
    {
        var megabytes = await _db
            .Statement("select setting::bigint * 8 / 1024 from pg_settings where name = 'shared_buffers'")
            .Value<long>();
        megabytes.ShouldBe(Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8 / 1024 / 1024, 128, 8192));
    }

    [Fact]
    public async Task Its_log_is_compressed_with_LZ4_where_its_programs_can()
    {
        var (can, does) = (await _db.Statement("""
            select 'lz4' = any(enumvals), setting = 'lz4' from pg_settings where name = 'wal_compression'
            """).List(row => (row.GetBoolean(0), row.GetBoolean(1)))).Single();
        does.ShouldBe(can);
    }

    [Fact]
    public async Task Every_setting_of_durability_is_on_except_in_tests()
    {
        (await Durability()).ShouldBe(["fsync off", "full_page_writes off", "synchronous_commit off"]);
        await _postgres.DisposeAsync();
        _postgres = await PrivatePostgres.Own(EmbeddedDatabase.Options,
            Path.Combine(_folder.FullName, "data"), NullLogger.Instance,
            CancellationToken.None, durable: true);
        (await Durability()).ShouldBe(["fsync on", "full_page_writes on", "synchronous_commit on"]);
    }

    async Task<List<string>> Durability()
    {
        _db.Clear();
        return await _db.Statement("""
            select name || ' ' || setting from pg_settings
             where name in ('fsync', 'full_page_writes', 'synchronous_commit') order by name collate "C"
            """).List(row => row.GetString(0));
    }

    public async ValueTask DisposeAsync()
    {
        await _db.DisposeAsync();
        await _postgres.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
