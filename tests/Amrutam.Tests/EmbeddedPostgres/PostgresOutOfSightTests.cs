using System.Diagnostics;
using System.Runtime.Versioning;
using Amrutam.Commands;
using Amrutam.EmbeddedPostgres;
using Amrutam.Tests.Support.Observing;
using Npgsql;
using static Amrutam.Tests.Support.Waiting;

namespace Amrutam.Tests.EmbeddedPostgres;

/// <summary>A process that may open no more files cannot see whether its PostgreSQL runs.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class PostgresOutOfSightTests : IDisposable
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("amrutam-pg-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_postgres_that_cannot_be_observed_for_a_while_is_not_taken_for_dead()
    {
        _folder.UnixFileMode |= UnixFileMode.OtherExecute;
        var log = new LogLines<PrivatePostgres>();
        await using var postgres = await PrivatePostgres.Own(EmbeddedDatabase.Options,
            Path.Combine(_folder.FullName, "data"), log, TestContext.Current.CancellationToken,
            durable: false);
        var cluster = Path.Combine(_folder.FullName, "data", "cluster");
        var file = Path.Combine(cluster, "postmaster.pid");
        var running = PostmasterFile.Read(cluster).ShouldNotBeNull();
        using (var link = Process.Start("ln", [file, file + ".kept"]))
            await link.WaitForExitAsync(TestContext.Current.CancellationToken);

        // Opening a link to itself fails like every open in a process with too many open files.
        File.CreateSymbolicLink(file + ".loop", file);
        File.Move(file + ".loop", file, overwrite: true);
        Should.Throw<IOException>(() => PostmasterFile.Read(cluster)).ShouldNotBeOfType<FileNotFoundException>();
        await Until(() => !log.Written.IsEmpty);
        File.Move(file + ".kept", file, overwrite: true);

        log.Written.ShouldAllBe(line => line.Text == "PostgreSQL's process cannot be observed; trying again soon");
        PostmasterFile.Read(cluster).ShouldBe(running);
        await using var database = NpgsqlDataSource.Create(postgres.AppConnectionString());
        (await database.CreateCommand("select 1").ExecuteScalarAsync(TestContext.Current.CancellationToken))
            .ShouldBe(1);
    }
}
