using Amrutam.Audit;
using Amrutam.Audit.Retention;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Amrutam.Tests.Audit.Retention;

/// <summary>The log's partitions by month: made before their month begins, retired after the retention.</summary>
public sealed class MonthsTests(TestCluster cluster) : IAsyncLifetime
{
    Database _database = null!;
    NpgsqlDataSource _app = null!, _owner = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await cluster.NewDatabase();
        (_app, _owner) = (NpgsqlDataSource.Create(_database.App), NpgsqlDataSource.Create(_database.Owner));
        await _owner.Append("things.changed", "thing", Guid.CreateVersion7());
    }

    [Fact]
    public async Task There_are_partitions_for_months_ahead_and_the_job_makes_missing_ones()
    {
        const string MonthsAhead = """
            select count(*) from pg_inherits where inhparent = 'audit.events'::regclass
               and inhrelid::regclass::text > 'audit.events_' || to_char(now() at time zone 'UTC', 'YYYY_MM')
            """;
        (await _owner.Statement(MonthsAhead).Value<long>()).ShouldBe(3);
        var last = await _owner.Statement("""
            select max(inhrelid::regclass::text) from pg_inherits where inhparent = 'audit.events'::regclass
            """).Value<string>();
        await _owner.Statement("drop table " + last).Execute();
        await new MakePartitions(_app).RunOnce(CancellationToken.None);
        (await _owner.Statement(MonthsAhead).Value<long>()).ShouldBe(3);
    }

    [Fact]
    public async Task A_partition_is_made_while_a_writer_and_a_reader_are_busy_with_the_log()
    {
        var made = await _owner.InTransaction(async connection =>
        {
            await connection.Append("things.changed", "thing", Guid.CreateVersion7());
            await connection.Statement("select count(*) from audit.events").Value<long>();
            return await _app.InTransaction(async other =>
            {
                await other.Statement("set local lock_timeout = '5s'").Execute();
                return await other.Statement("select audit.make_partitions(0, 5)").Value<int>();
            });
        });
        made.ShouldBe(2);
        (await _app.Append("things.changed", "thing", Guid.CreateVersion7())).ShouldBe(1);
    }

    [Fact]
    public async Task Months_older_than_the_retention_leave_the_log_and_stay_in_the_database_and_under_their_seals()
    {
        await _owner.Statement("select audit.make_partitions(90, 0)").Execute();
        await _owner.Statement("""
            insert into audit.events (at, action, entity)
            select now() - months * interval '1 month', 'things.changed', 'thing'
              from generate_series(0, 89) months, generate_series(1, 3)
            """).Execute();
        await using var sealer = Sealer.Over(_database);
        await Retire();
        (await Retired()).ShouldBe(0, "nothing leaves the log unsealed");
        await sealer.SealAll();
        await Retire();
        // 84 whole months and the present month stay.
        (await Retired()).ShouldBe(5 * 3);
        (await _owner.Statement("select count(*) from audit.events where action = 'things.changed'").Value<long>())
            .ShouldBe(85 * 3 + 1);
        (await _owner.Statement("select count(*) from audit.events where action = 'event_months.retired'")
            .Value<long>()).ShouldBe(6, "a month without events goes too");
        await sealer.SealAll();
        (await sealer.Broken()).ShouldBeNull();
        await _owner.Statement("delete from audit.retired_events where position = (select min(position) from"
            + " audit.retired_events)").Execute();
        (await sealer.Broken())!.Because.ShouldContain("is not there any more");
    }

    [Fact]
    public async Task Less_than_a_year_cannot_be_asked_for()
    {
        var refused = await Should.ThrowAsync<PostgresException>(() =>
            _app.Statement("select audit.retire_partition(11)").Execute());
        refused.MessageText.ShouldContain("12 to 1200 months");
    }

    Task Retire() => new RetireMonths(_app, new AuditSettings(), NullLogger<RetireMonths>.Instance).Run();

    Task<long> Retired() => _owner.Statement("select count(*) from audit.retired_events").Value<long>();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _owner.DisposeAsync();
    }
}
