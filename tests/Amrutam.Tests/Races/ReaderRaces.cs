using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using Npgsql;

namespace Amrutam.Tests.Races;

/// <summary>Two servers run the real reader. The one with the turn is killed between any two of its steps.</summary>
/// <remarks>The other one continues, and each event counts once.</remarks>
public sealed class ReaderRaces(TestCluster cluster) : IAsyncLifetime
{
    const int EventsOfAPart = 10;

    /// <summary>The step before which the reader stops: a trigger of that step waits for a lock.</summary>
    enum Step { WritesItsEffect = 1, MovesItsCursor, Commits, CountsATry, Parks }

    /// <summary>The events of the run: events that the reader can apply, or one that it will park.</summary>
    enum Over { GoodEvents, BadEvent }

    /// <summary>The fate of the dead server's statement: it ends with the connection, or the database completes
    /// it.</summary>
    enum Fate { Ends, IsFinished }

    static readonly (Step At, Over What, Fate Its)[] Deaths =
    [
        (Step.WritesItsEffect, Over.GoodEvents, Fate.Ends), (Step.MovesItsCursor, Over.GoodEvents, Fate.Ends),
        (Step.Commits, Over.GoodEvents, Fate.Ends), (Step.Commits, Over.GoodEvents, Fate.IsFinished),
        (Step.CountsATry, Over.BadEvent, Fate.Ends), (Step.Parks, Over.BadEvent, Fate.Ends),
        (Step.MovesItsCursor, Over.BadEvent, Fate.Ends), (Step.Commits, Over.BadEvent, Fate.IsFinished),
    ];

    readonly Dictionary<string, ServerProcess> _servers = new(StringComparer.Ordinal);
    Database _database = null!;
    NpgsqlDataSource _owner = null!;
    int _good, _bad;

    public async ValueTask InitializeAsync()
    {
        _database = await cluster.NewDatabase();
        _owner = NpgsqlDataSource.Create(_database.Owner);
        await _owner.Statement(Stops).Execute();
    }

    [Fact]
    public async Task Of_two_replicas_one_is_killed_between_any_two_steps_and_the_other_counts_each_event_once()
    {
        foreach (var name in new[] { "one", "two" }) await Serve(name);
        foreach (var (step, over, its) in Deaths)
        {
            await using var stop = await _owner.OpenConnectionAsync();
            await stop.Statement("select pg_advisory_lock($1)").With((long)step).Execute();
            await Write(over);
            await Until("select exists (select " + WaitsAt(step) + ")");
            var dead = (await _owner.Statement("select a.application_name " + WaitsAt(step)).Value<string>())!;
            await _servers[dead].Kill();
            if (its == Fate.Ends)
            {
                await _owner.Statement("select pg_terminate_backend(l.pid) " + WaitsAt(step)).Execute();
                // The other server may wait there by now, but not the statement that was ended.
                await Until($"select not exists (select {WaitsAt(step)} and a.application_name = '{dead}')");
            }
            await stop.Statement("select pg_advisory_unlock($1)").With((long)step).Execute();
            await Until(IsRead);
            await ShouldHaveCountedEachOnce($"{dead} died where it {step} over {over}");
            _servers.Values.Count(server => !server.HasExited).ShouldBe(1, "the other one did it");
            await Serve(dead);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers.Values)
        {
            if (!server.HasExited) await server.Kill();
            server.Dispose();
        }
        await _owner.DisposeAsync();
    }

    /// <summary>Starts the replica of that name, also again. Its connections carry the name.</summary>
    async Task Serve(string name)
    {
        if (_servers.Remove(name, out var before)) before.Dispose();
        _servers[name] = ServerProcess.Start("serve", 0,
            ("ConnectionStrings__Amrutam", _database.App + ";Application Name=" + name),
            ("ConnectionStrings__Owner", _database.Owner), ("Logging__LogLevel__Default", "None"),
            ("Identity__KeyEncryptionKey", TestServer.KeyEncryptionKey));
        await _servers[name].IsReady();
        await Until(IsRead);
    }

    async Task Write(Over what)
    {
        if (what == Over.BadEvent)
        {
            await _owner.Append("accounts.signed_up", "account", Guid.CreateVersion7());
            _bad++;
            return;
        }
        for (var i = 0; i < EventsOfAPart; i++, _good++)
            await _owner.Append("accounts.signed_up", "account", Guid.CreateVersion7(), """{"role": "patient"}""");
    }

    async Task ShouldHaveCountedEachOnce(string when)
    {
        (await _owner.Statement("select sum(n)::bigint from analytics.daily where measure = 'accounts'").Value<long>())
            .ShouldBe(_good, when);
        (await _owner.Statement("select count(*) from platform.parked_events").Value<long>()).ShouldBe(_bad, when);
    }

    static string WaitsAt(Step step) => $"""
        from pg_locks l join pg_database d on d.oid = l.database join pg_stat_activity a on a.pid = l.pid
         where d.datname = current_database() and l.locktype = 'advisory' and l.classid = 0 and l.objid = {(int)step}
           and l.objsubid = 1 and not l.granted
        """;

    Task Until(string condition) => Waiting.Until(() => _owner.Statement(condition).Value<bool>(), condition);

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
        create trigger stop_try before update on platform.event_readers for each row
            when (new.tries > old.tries) execute function public.stop_here(4);
        create trigger stop_parking before insert on platform.parked_events for each row
            execute function public.stop_here(5);
        """;
}
