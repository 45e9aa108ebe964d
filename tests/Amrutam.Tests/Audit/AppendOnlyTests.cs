using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Amrutam.Tests.Audit;

/// <summary>The rights of the server's role on the log, tried with that role.</summary>
/// <remarks>Once with a login that the operator gave, once with one derived from the owner's.</remarks>
public sealed class AppendOnlyTests(OneEvent log) : IClassFixture<OneEvent>
{
    readonly NpgsqlDataSource _app = log.App, _owner = log.Owner;

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
    [InlineData("insert into audit.events (action, entity, at) values ('x', 'x', now() - interval '3 days')")]
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
    [InlineData("create table audit.x (x int)")]
    public async Task The_server_may_not(string statement)
    {
        var before = await Log();
        var sql = string.Format(statement, await ThisMonth());
        foreach (var login in new[] { _app, log.FromTheOwner })
        {
            var refused = await Should.ThrowAsync<PostgresException>(() => login.Statement(sql).Execute());
            refused.SqlState.ShouldBe(Denied);
        }
        (await Log()).ShouldBe(before);
        (await AsOwner(sql)).ShouldNotBeOneOf(NotUnderstood);
    }

    [Theory]
    [InlineData("reset role")]
    [InlineData("set role none")]
    [InlineData("set session authorization default")]
    [InlineData("reset session authorization")]
    [InlineData("reset all")]
    [InlineData("discard all")]
    [InlineData("set role amrutam_app")]
    public async Task A_login_from_the_owners_takes_no_right_back_by(string first)
    {
        var before = await Log();
        // A connection of its own that prepares nothing, because some of these statements drop prepared ones.
        await using var connection = new NpgsqlConnection(log.LoginFromTheOwner);
        await connection.OpenAsync();
        await connection.Statement(first).Execute();
        foreach (var statement in new[] { "delete from audit.events", "alter table audit.events disable trigger all" })
            (await Should.ThrowAsync<PostgresException>(() => connection.Statement(statement).Execute()))
                .SqlState.ShouldBe(Denied);
        (await Log()).ShouldBe(before);
    }

    /// <summary>The outcome for the owner, rolled back. It shows that the role lacked a right, and that the statement
    /// is sound.</summary>
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
        var before = await _app.Statement("select count(*) from audit.events").Value<long>();
        (await _app.Append("things.changed", "thing", Guid.CreateVersion7())).ShouldBe(1);
        (await log.FromTheOwner.Append("things.changed", "thing", Guid.CreateVersion7())).ShouldBe(1);
        (await _app.Statement("select count(*) from audit.events").Value<long>()).ShouldBe(before + 2);
    }

    Task<string?> ThisMonth() =>
        _owner.Statement("select 'events_' || to_char(now() at time zone 'UTC', 'YYYY_MM')").Value<string>();

    Task<string?> Log() => _owner.Statement("select string_agg(e::text, ' ') from audit.events e").Value<string>();
}

/// <summary>A log with one event, and data sources of both roles.</summary>
public sealed class OneEvent(TestCluster cluster) : IAsyncLifetime
{
    internal NpgsqlDataSource App { get; private set; } = null!;
    internal NpgsqlDataSource Owner { get; private set; } = null!;

    /// <summary>Opened as a server opens it that has the owner's connection string only.</summary>
    internal NpgsqlDataSource FromTheOwner { get; private set; } = null!;

    internal string LoginFromTheOwner { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        var database = await cluster.NewDatabase();
        (App, Owner) = (NpgsqlDataSource.Create(database.App), NpgsqlDataSource.Create(database.Owner));
        var given = await AppRoleLogin.Give(Database.Given(database.Owner, owner: null), CancellationToken.None);
        LoginFromTheOwner = new NpgsqlConnectionStringBuilder(given.App) { Pooling = false }.ConnectionString;
        FromTheOwner = given.Open("events", 2, NullLoggerFactory.Instance);
        await Owner.Append("things.changed", "thing", Guid.CreateVersion7());
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await FromTheOwner.DisposeAsync();
        await Owner.DisposeAsync();
    }
}
