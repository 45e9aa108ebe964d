using Amrutam.Platform;
using Amrutam.Tests.Support;
using Npgsql;

namespace Amrutam.Tests.Races;

/// <summary>The real server's reader, killed between any two of its steps and run by two servers at once: each event
/// counts once.</summary>
public sealed class ReaderRaces(TestCluster cluster) : IAsyncLifetime
{
    const int EventsOfAPart = 10;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60), Between = TimeSpan.FromMilliseconds(20);

    /// <summary>Where it is stopped: each is a lock that a trigger of that step waits for.</summary>
    enum Step { WritesItsEffect = 1, MovesItsCursor, Commits }

    /// <summary>What becomes of the statement that the dead server had under way: it ends with its connection, or the
    /// database finishes it and nobody hears of it.</summary>
    static readonly (Step At, bool IsFinished)[] Deaths = [(Step.WritesItsEffect, false), (Step.MovesItsCursor, false),
        (Step.Commits, false), (Step.Commits, true)];

    readonly List<ServerProcess> _servers = [];
    Database _database = null!;
    NpgsqlDataSource _owner = null!;
    int _written;

    public async ValueTask InitializeAsync()
    {
        _database = await cluster.NewDatabase();
        _owner = NpgsqlDataSource.Create(_database.Owner);
        await _owner.Statement(Stops).Execute();
    }

    [Fact]
    public async Task A_reader_killed_between_any_two_steps_counts_each_event_once()
    {
        foreach (var (step, isFinished) in Deaths)
        {
            await using var stop = await _owner.OpenConnectionAsync();
            await stop.Statement("select pg_advisory_lock($1)").With((long)step).Execute();
            var server = Serve();
            await Write();
            await Until("select exists (select " + WaitsAt(step) + ")");
            await server.Kill();
            if (!isFinished)
            {
                await _owner.Statement("select pg_terminate_backend(l.pid) " + WaitsAt(step)).Execute();
                await Until("select not exists (select " + WaitsAt(step) + ")");
            }
            await stop.Statement("select pg_advisory_unlock($1)").With((long)step).Execute();
        }
        var (first, _) = (Serve(), Serve());
        await Write();
        await Until(IsRead);
        await Write();
        await first.Kill();
        await Until(IsRead);
        (await _owner.Statement("select sum(n)::bigint from analytics.daily where measure = 'accounts'").Value<long>())
            .ShouldBe(_written);
        (await _owner.Statement("select count(*) from platform.parked_events").Value<long>()).ShouldBe(0);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            if (!server.HasExited) await server.Kill();
            server.Dispose();
        }
        await _owner.DisposeAsync();
    }

    ServerProcess Serve()
    {
        var server = ServerProcess.Start("serve", 0, ("ConnectionStrings__Amrutam", _database.App),
            ("ConnectionStrings__Owner", _database.Owner), ("Logging__LogLevel__Default", "Warning"),
            ("Identity__KeyEncryptionKey", TestServer.KeyEncryptionKey));
        _servers.Add(server);
        return server;
    }

    async Task Write()
    {
        for (var i = 0; i < EventsOfAPart; i++, _written++)
            await _owner.Append("accounts.signed_up", "account", Guid.CreateVersion7(), """{"role": "patient"}""");
    }

    static string WaitsAt(Step step) => $"""
        from pg_locks l join pg_database d on d.oid = l.database
         where d.datname = current_database() and l.locktype = 'advisory' and l.classid = 0 and l.objid = {(int)step}
           and l.objsubid = 1 and not l.granted
        """;

    async Task Until(string condition)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await _owner.Statement(condition).Value<bool>())
        {
            TimeProvider.System.GetElapsedTime(began).ShouldBeLessThan(Patience, condition);
            await Task.Delay(Between);
        }
    }

    const string IsRead = """
        select coalesce((select position from platform.event_readers where name = 'analytics'), 0)
            >= (select max(position) from audit.events)
        """;

    const string Stops = """
        create function public.stop_here() returns trigger language plpgsql as $$
        begin
            perform pg_advisory_xact_lock(tg_argv[0]::bigint);
            return new;
        end $$;
        create trigger stop_effect before insert on analytics.daily for each row
            execute function public.stop_here(1);
        create trigger stop_cursor before update on platform.event_readers for each row
            when (new.position <> old.position) execute function public.stop_here(2);
        create constraint trigger stop_commit after update on platform.event_readers
            deferrable initially deferred for each row
            when (new.position <> old.position) execute function public.stop_here(3);
        """;
}
