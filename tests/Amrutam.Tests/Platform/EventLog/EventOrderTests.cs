using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using Npgsql;
using static Amrutam.Tests.Support.Waiting;

namespace Amrutam.Tests.Platform.EventLog;

/// <summary>Readers get the events of one thing in the order of the changes, for any order of transaction
/// ids.</summary>
public sealed class EventOrderTests(TestCluster cluster) : IAsyncLifetime
{
    const int Things = 3, Writers = 8, ChangesOfEach = 40, LongestNapMs = 4;
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(20), AShortWhile = TimeSpan.FromMilliseconds(300);
    readonly Guid _first = Guid.CreateVersion7(), _then = Guid.CreateVersion7();
    Database _database = null!;
    NpgsqlDataSource _owner = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await cluster.NewDatabase();
        _owner = NpgsqlDataSource.Create(_database.Owner);
        await Replica.MakeEffects(_owner);
    }

    [Fact]
    public async Task A_transaction_that_got_its_id_early_and_wrote_late_is_read_late()
    {
        await using var replica = await Replica.Start(_database);
        await using var old = await Transaction.Begin(_owner);
        await _owner.Append("things.changed", "thing", _first);
        await old.Append(_then);
        await old.Commit();
        await replica.ShouldHaveRead([_first, _then]);
    }

    [Fact]
    public async Task Nor_does_a_third_transaction_between_the_two_part_them()
    {
        await using var replica = await Replica.Start(_database);
        await using var old = await Transaction.Begin(_owner);
        await using var between = await Transaction.Begin(_owner);
        await _owner.Append("things.changed", "thing", _first);
        await old.Append(_then);
        await old.Commit();
        // The late writer is older than the third transaction, and has ended.
        await replica.Reader.CatchUp(AShortWhile, CancellationToken.None);
        await between.Commit();
        await replica.ShouldHaveRead([_first, _then]);
    }

    [Fact]
    public async Task Readers_wait_for_a_transaction_with_an_event_and_for_no_other()
    {
        await using var replica = await Replica.Start(_database);
        await using var bystander = await Transaction.Begin(_owner);
        await _owner.Append("things.changed", "thing", _first);
        await replica.ShouldHaveRead([_first]);
        await using var writer = await Transaction.Begin(_owner);
        await writer.Append(_then);
        var after = Guid.CreateVersion7();
        await _owner.Append("things.changed", "thing", after);
        (await replica.Reader.CatchUp(AShortWhile, CancellationToken.None)).ShouldBeFalse();
        (await replica.Effects()).ShouldBe([_first]);
        await writer.Commit();
        await replica.ShouldHaveRead([_first, _then, after]);
    }

    [Fact]
    public async Task Each_thing_is_seen_to_change_step_by_step_while_many_wait_for_each_other()
    {
        await using var one = await Replica.Start(_database);
        await using var two = await Replica.Start(_database);
        await _owner.Statement("create table public.things (id int primary key, step int not null)").Execute();
        await _owner.Statement("insert into public.things select n, 0 from generate_series(0, 2) n").Execute();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(async writer =>
        {
            var random = new Random(writer);
            for (var i = 0; i < ChangesOfEach; i++)
            {
                await using var transaction = await Transaction.Begin(_owner);
                await Pause(random.Next(LongestNapMs));
                await transaction.Connection.Statement(Change).With(random.Next(Things)).Execute();
                await Pause(random.Next(LongestNapMs));
                await transaction.Commit();
            }
        }));
        (await one.Reader.CatchUp(Soon, CancellationToken.None)).ShouldBeTrue();
        var seen = await _owner.Statement("select details from public.effects order by n").List(row =>
            row.GetString(0).Split(' ').Select(int.Parse).ToArray());
        seen.Count.ShouldBe(Writers * ChangesOfEach);
        foreach (var thing in seen.GroupBy(change => change[0]))
            thing.Select(change => change[1]).ShouldBe(Enumerable.Range(1, thing.Count()));
    }

    public async ValueTask DisposeAsync() => await _owner.DisposeAsync();

    const string Change = """
        with changed as (update public.things set step = step + 1 where id = $1 returning id, step)
        insert into audit.events (action, entity, details)
        select 'things.changed', 'thing', to_jsonb(id || ' ' || step) from changed
        """;

    /// <summary>A transaction that has its id and stays open.</summary>
    sealed record Transaction(NpgsqlConnection Connection, NpgsqlTransaction Open) : IAsyncDisposable
    {
        public static async Task<Transaction> Begin(NpgsqlDataSource db)
        {
            var connection = await db.OpenConnectionAsync();
            var open = await connection.BeginTransactionAsync();
            await connection.Statement("select pg_current_xact_id()").Execute();
            return new(connection, open);
        }

        public Task<int> Append(Guid thing) => Connection.Append("things.changed", "thing", thing);

        public Task Commit() => Open.CommitAsync();

        public async ValueTask DisposeAsync()
        {
            await Open.DisposeAsync();
            await Connection.DisposeAsync();
        }
    }
}
