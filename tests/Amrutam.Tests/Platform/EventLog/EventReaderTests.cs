using System.Globalization;
using Amrutam.Platform.Data;
using Amrutam.Platform.EventLog;
using Amrutam.Platform.Operations;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using Npgsql;
using static Amrutam.Tests.Support.Waiting;

namespace Amrutam.Tests.Platform.EventLog;

public sealed class EventReaderTests(TestCluster cluster) : IAsyncLifetime
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    // A developer may ask for a minute; it shows no more than these seconds.
    static readonly TimeSpan LeftOpen = TimeSpan.FromSeconds(int.Parse(
        Environment.GetEnvironmentVariable("AMRUTAM_SECONDS_LEFT_OPEN") ?? "5", CultureInfo.InvariantCulture));

    Database _database = null!;
    NpgsqlDataSource _owner = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await cluster.NewDatabase();
        _owner = NpgsqlDataSource.Create(_database.Owner);
        await Replica.MakeEffects(_owner);
    }

    [Fact]
    public async Task Every_event_has_its_effect_once_though_writers_commit_out_of_order_and_two_replicas_read()
    {
        await using var one = await Replica.Start(_database);
        await using var two = await Replica.Start(_database);
        var written = new System.Collections.Concurrent.ConcurrentBag<Guid>();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async writer =>
        {
            var random = new Random(writer);
            for (var i = 0; i < 60; i++)
            {
                var id = Guid.CreateVersion7();
                await _owner.InTransaction(async connection =>
                {
                    await connection.Append("things.changed", "thing", id);
                    await Pause(random.Next(4));
                    return 0;
                });
                written.Add(id);
            }
        }));
        (await one.Reader.CatchUp(Soon, CancellationToken.None)).ShouldBeTrue();
        (await Effects()).Order().ShouldBe(written.Order());
    }

    [Fact]
    public async Task An_event_that_commits_late_is_not_passed_over()
    {
        await using var replica = await Replica.Start(_database);
        var (late, early) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await _owner.InTransaction(async connection =>
        {
            await connection.Append("things.changed", "thing", late);
            await _owner.Append("things.changed", "thing", early);
            (await replica.Reader.CatchUp(TimeSpan.FromMilliseconds(400), CancellationToken.None))
                .ShouldBeFalse("a transaction from before is open");
            (await Effects()).ShouldBeEmpty();
            return 0;
        });
        (await replica.Reader.CatchUp(Soon, CancellationToken.None)).ShouldBeTrue();
        (await Effects()).ShouldBe([late, early]);
    }

    [Fact]
    public async Task A_transaction_left_open_beside_busy_writers_holds_readers_up_and_costs_no_event()
    {
        await using var one = await Replica.Start(_database);
        await using var two = await Replica.Start(_database);
        var late = Guid.CreateVersion7();
        var written = new System.Collections.Concurrent.ConcurrentBag<Guid> { late };
        await _owner.InTransaction(async connection =>
        {
            await connection.Append("things.changed", "thing", late);
            using var end = new CancellationTokenSource(LeftOpen);
            await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
            {
                for (var id = late; !end.IsCancellationRequested; await Pause(10))
                {
                    await _owner.Append("things.changed", "thing", id = Guid.CreateVersion7());
                    written.Add(id);
                }
            }));
            (await Effects()).ShouldBeEmpty("all of it stands behind what may still be undone");
            return 0;
        });
        (await one.Reader.CatchUp(Soon, CancellationToken.None)).ShouldBeTrue();
        written.Count.ShouldBeGreaterThan(100);
        (await Effects()).Order().ShouldBe(written.Order());
    }

    [Fact]
    public async Task An_event_that_fails_five_times_is_parked_and_those_around_it_are_not_held_up_or_applied_twice()
    {
        await _owner.Statement(CountTries).Execute();
        var ids = Enumerable.Range(0, 7).Select(_ => Guid.CreateVersion7()).ToArray();
        foreach (var id in ids) await _owner.Append(id == ids[3] ? "things.broke" : "things.changed", "thing", id);
        await using var replica = await Replica.Start(_database);
        (await replica.Reader.CatchUp(Soon, CancellationToken.None)).ShouldBeTrue();
        (await Effects()).ShouldBe(ids.Where(id => id != ids[3]));
        (await _owner.Statement("select error from platform.parked_events where reader = 'test'").Value<string>())
            .ShouldBe("InvalidDataException");
        (await _owner.Statement("select last_value from public.tries").Value<long>()).ShouldBe(5);
    }

    [Fact]
    public async Task Events_are_applied_again_from_any_position_on_with_what_was_parked_and_none_twice()
    {
        var ids = Enumerable.Range(0, 5).Select(_ => Guid.CreateVersion7()).ToArray();
        foreach (var id in ids) await _owner.Append(id == ids[2] ? "things.broke" : "things.changed", "thing", id);
        await using var replica = await Replica.Start(_database);
        await replica.ShouldHaveRead(ids.Where(id => id != ids[2]));
        // A corrected reader would apply the event; here the event becomes one that the reader can apply.
        await _owner.Statement("update audit.events set action = 'things.changed' where action = 'things.broke'")
            .Execute();
        (await ReplayEvents.Run(_owner, new Effect(), from: 2)).ShouldBe(2);
        await replica.ShouldHaveRead(ids);
        (await _owner.Statement("select count(*) from platform.parked_events").Value<long>()).ShouldBe(0);
        await Should.ThrowAsync<StartupException>(ReplayEvents.Run(_owner, new Effect(), from: 9));
    }

    [Fact]
    public async Task The_lag_and_the_parked_events_of_a_reader_are_measured()
    {
        await using var replica = await Replica.Start(_database);
        var probes = new SystemProbes(replica.Db, TimeProvider.System);
        await _owner.InTransaction(async connection =>
        {
            await connection.Append("things.broke", "thing", null);
            await _owner.Append("things.changed", "thing", null, at: "2026-11-01T00:00:00Z");
            (await Lag()).Behind.ShouldBeGreaterThan(TimeSpan.FromHours(1));
            return 0;
        });
        (await replica.Reader.CatchUp(Soon, CancellationToken.None)).ShouldBeTrue();
        (await Lag()).ShouldBe(new ReaderLag("test", TimeSpan.Zero, 1));

        async Task<ReaderLag> Lag() =>
            (await probes.Readers(CancellationToken.None)).Single(reader => reader.Reader == "test");
    }

    // A sequence counts each try, also if a later step rolls the try back.
    const string CountTries = """
        create sequence public.tries;
        create function public.count_try() returns trigger language plpgsql security definer as $$
        begin
            perform nextval('public.tries');
            return new;
        end $$;
        create trigger count_try before update on platform.event_readers for each row
            when (new.tries > old.tries) execute function public.count_try()
        """;

    Task<List<Guid>> Effects() =>
        _owner.Statement("select entity_id from public.effects order by n").List(row => row.GetGuid(0));

    public async ValueTask DisposeAsync() => await _owner.DisposeAsync();
}
