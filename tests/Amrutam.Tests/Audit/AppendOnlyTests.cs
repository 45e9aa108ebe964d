using Amrutam.Audit;
using Amrutam.Platform;
using Amrutam.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Amrutam.Tests.Audit;

/// <summary>What the server's role may do with the log, tried as that role.</summary>
public sealed class AppendOnlyTests(TestCluster cluster) : IAsyncLifetime
{
    Database _database = null!;
    NpgsqlDataSource _app = null!, _owner = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await cluster.NewDatabase();
        (_app, _owner) = (NpgsqlDataSource.Create(_database.App), NpgsqlDataSource.Create(_database.Owner));
        await _owner.Append("things.changed", "thing", Guid.CreateVersion7());
    }

    const string Denied = "42501";
    static readonly string[] NotUnderstood = ["42601", "42P01", "42703", "42883", "42704"];

    [Theory]
    [InlineData("update audit.events set action = 'x'")]
    [InlineData("update audit.{0} set action = 'x'")]
    [InlineData("delete from audit.events")]
    [InlineData("delete from audit.{0}")]
    [InlineData("truncate audit.events")]
    [InlineData("truncate audit.{0}")]
    [InlineData("select from audit.events for update")]
    [InlineData("merge into audit.events e using (values (1)) v on true when matched then delete")]
    [InlineData("insert into audit.events (action, entity) values ('x', 'x') on conflict (at, position)"
        + " do update set action = 'x'")]
    [InlineData("insert into audit.events (action, entity, tx) values ('x', 'x', '3')")]
    [InlineData("insert into audit.events (action, entity, epoch) values ('x', 'x', 0)")]
    [InlineData("insert into audit.events (action, entity, position) overriding system value values ('x', 'x', 1)")]
    [InlineData("insert into audit.{0} (action, entity, position) values ('x', 'x', 1)")]
    [InlineData("select setval('audit.events_position_seq', 1)")]
    [InlineData("alter table audit.events add column x int")]
    [InlineData("alter table audit.events alter column tx drop default")]
    [InlineData("alter table audit.events disable trigger all")]
    [InlineData("alter table audit.events owner to amrutam_app")]
    [InlineData("alter table audit.events detach partition audit.{0}")]
    [InlineData("alter table audit.{0} add column x int")]
    [InlineData("drop table audit.events")]
    [InlineData("drop table audit.{0}")]
    [InlineData("create rule quiet as on insert to audit.events do instead nothing")]
    [InlineData("create trigger quiet before insert on audit.events for each row execute function"
        + " suppress_redundant_updates_trigger()")]
    [InlineData("grant update on audit.events to amrutam_app")]
    [InlineData("set session_replication_role = replica")]
    [InlineData("set role amrutam_owner")]
    [InlineData("set session authorization amrutam_owner")]
    [InlineData("update audit.seals set number = 2")]
    [InlineData("delete from audit.seals")]
    [InlineData("truncate audit.seals")]
    [InlineData("update audit.seal_keys set public_key = ''")]
    [InlineData("delete from audit.seal_keys")]
    [InlineData("delete from audit.retired_events")]
    [InlineData("insert into audit.retired_events (position, action, entity) values (1, 'x', 'x')")]
    [InlineData("delete from audit.every_event")]
    [InlineData("create table audit.x (x int)")]
    public async Task The_server_may_not(string statement)
    {
        var before = await Log();
        var sql = string.Format(statement, await ThisMonth());
        var refused = await Should.ThrowAsync<PostgresException>(() => _app.Statement(sql).Execute());
        refused.SqlState.ShouldBe(Denied);
        (await Log()).ShouldBe(before);
        (await AsOwner(sql)).ShouldNotBeOneOf(NotUnderstood);
    }

    /// <summary>What comes of it for somebody who may do anything; undone. It was the right that was missing, and not
    /// the table.</summary>
    async Task<string?> AsOwner(string sql)
    {
        await using var connection = await _owner.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        try
        {
            await connection.Statement(sql).Execute();
            return null;
        }
        catch (PostgresException e)
        {
            return e.SqlState;
        }
    }

    [Fact]
    public async Task The_server_may_append_and_read()
    {
        (await _app.Append("things.changed", "thing", Guid.CreateVersion7())).ShouldBe(1);
        (await _app.Statement("select count(*) from audit.events").Value<long>()).ShouldBe(2);
    }

    [Fact]
    public async Task There_are_partitions_for_months_ahead_and_the_job_makes_what_is_missing()
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
        using var job = new MakePartitions(_app, TimeProvider.System, NullLogger<MakePartitions>.Instance);
        await job.StartAsync(CancellationToken.None);
        while (await _owner.Statement(MonthsAhead).Value<long>() < 3) await Task.Delay(20);
        await job.StopAsync(CancellationToken.None);
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
        // 84 whole months and the one that is running stay.
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

    async Task Retire()
    {
        using var job = new RetireMonths(_app, new AuditSettings(), TimeProvider.System,
            NullLogger<RetireMonths>.Instance);
        await job.Run();
    }

    Task<long> Retired() => _owner.Statement("select count(*) from audit.retired_events").Value<long>();

    Task<string?> ThisMonth() =>
        _owner.Statement("select 'events_' || to_char(now() at time zone 'UTC', 'YYYY_MM')").Value<string>();

    Task<string?> Log() => _owner.Statement("select string_agg(e::text, ' ') from audit.events e").Value<string>();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _owner.DisposeAsync();
    }
}
