using Amrutam.Audit.Sealing;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using Npgsql;

namespace Amrutam.Tests.Audit.Sealing;

/// <summary>The real server is killed while its sealer waits before each of its steps.</summary>
/// <remarks>The test blocks the step with a lock in the database, or with a folder that cannot be written.</remarks>
public sealed class SealerKilledTests(TestCluster cluster) : IAsyncLifetime
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("amrutam-killed-");
    Database _database = null!;
    NpgsqlDataSource _owner = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await cluster.NewDatabase();
        _owner = NpgsqlDataSource.Create(_database.Owner);
    }

    // Waits within the commit, after every write.
    const string WaitAtTheCommit = """
        create function public.wait_at_commit() returns trigger language plpgsql as
            'begin perform pg_advisory_xact_lock(42); return null; end';
        create constraint trigger wait_at_commit after insert on audit.seals
            deferrable initially deferred for each row execute function public.wait_at_commit()
        """;

    [Fact]
    public async Task A_sealer_killed_between_any_two_steps_leaves_a_valid_chain_that_the_next_one_goes_on_with()
    {
        await Killed("before it reads the last seal", "lock table audit.seals in access exclusive mode");
        await Killed("before it writes the seal", "lock table audit.seals in share mode");
        await _owner.Statement(WaitAtTheCommit).Execute();
        await Killed("before it hears of its commit", "select pg_advisory_xact_lock(42)", seals: 1);
        await _owner.Statement("drop trigger wait_at_commit on audit.seals").Execute();
        await KilledBeforeItPublishes();
        await KilledWithADraftInTheFolder();
    }

    /// <param name="seals">The number of seals that the killed server leaves. A requested commit completes.</param>
    async Task Killed(string when, string heldUpBy, int seals = 0)
    {
        await Append();
        var before = await Seals();
        await _owner.InTransaction(async connection =>
        {
            await connection.Statement(heldUpBy).Execute();
            using var server = Serve();
            await Until(async () => await _owner.Statement(SomebodyWaits).Value<bool>(), server);
            await server.Kill();
            return 0;
        });
        await Until(async () => !await _owner.Statement(SealerIsThere).Value<bool>());
        // The interrupted seal exists as a whole or not at all.
        (await Seals()).ShouldBe(before + seals, when);
        await NextGoesOn(when);
    }

    async Task KilledBeforeItPublishes()
    {
        await Append();
        var before = await Seals();
        var away = _folder.FullName + "-away";
        Directory.Move(_folder.FullName, away);
        await File.WriteAllTextAsync(_folder.FullName, "");
        using (var server = Serve())
        {
            await Until(async () => await Seals() > before, server);
            await server.Kill();
        }
        File.Delete(_folder.FullName);
        Directory.Move(away, _folder.FullName);
        new Checkpoints(_folder.FullName).Newest().ShouldBe(before);
        await NextGoesOn("before it publishes");
    }

    async Task KilledWithADraftInTheFolder()
    {
        var next = await Seals() + 1;
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "000000", $"{next:D10}.json.draft"), "{\"seal\": ");
        await NextGoesOn("in the middle of a file");
    }

    /// <summary>The next server seals the remaining events and publishes the seals.</summary>
    async Task NextGoesOn(string after)
    {
        await Append();
        var folder = new Checkpoints(_folder.FullName);
        using (var server = Serve())
        {
            await Until(async () => await _owner.Statement(AllSealed).Value<bool>() && folder.Newest() == await Seals(),
                server);
            await server.Kill();
        }
        var verify = new VerifyLog(_owner, folder);
        var end = await verify.ToTheEnd(VerifyLog.Reached.Nothing, CancellationToken.None);
        end.Violation.ShouldBeNull(after);
        end.Reached.Number.ShouldBe(folder.Newest());
    }

    async Task Append()
    {
        for (var i = 0; i < 3; i++) await _owner.Append("things.changed", "thing", Guid.CreateVersion7());
    }

    Task<long> Seals() => _owner.Statement("select count(*) from audit.seals").Value<long>();

    ServerProcess Serve() => ServerProcess.Start("serve", 0, ("ConnectionStrings__Amrutam", _database.App),
        ("ConnectionStrings__Owner", _database.Owner), ("Identity__KeyEncryptionKey", TestServer.KeyEncryptionKey),
        ("Audit__CheckpointFolder", _folder.FullName), ("Audit__SealSeconds", "1"),
        ("Logging__LogLevel__Default", "None"));

    static Task Until(Func<Task<bool>> reached, ServerProcess? server = null) => Waiting.Until(async () =>
    {
        if (server is { HasExited: true }) Assert.Fail("the server ended: " + await server.Said());
        return await reached();
    });

    /// <summary>The sealer alone takes this lock, so the lock identifies its transaction.</summary>
    const string SealerIsThere = """
        select exists (select from pg_locks where locktype = 'advisory' and objid = 1397047628 and granted
                          and database = (select oid from pg_database where datname = current_database()))
        """;

    const string SomebodyWaits = """
        select exists (select from pg_locks turn join pg_locks wait using (pid)
                        where turn.locktype = 'advisory' and turn.objid = 1397047628 and not wait.granted
                          and turn.database = (select oid from pg_database where datname = current_database()))
        """;

    const string AllSealed = """
        select not exists (select from audit.events
                            where position > (select position from audit.seals order by number desc limit 1))
        """;

    public async ValueTask DisposeAsync()
    {
        await _owner.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
