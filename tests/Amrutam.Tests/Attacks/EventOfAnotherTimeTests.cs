using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Servers;
using Npgsql;

namespace Amrutam.Tests.Attacks;

/// <summary>The attacker controls the server's role and writes an event with a time in the past.</summary>
public sealed class EventOfAnotherTimeTests(TestCluster cluster) : IAsyncLifetime
{
    NpgsqlDataSource _app = null!;

    public async ValueTask InitializeAsync() => _app = NpgsqlDataSource.Create((await cluster.NewDatabase()).App);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Theory]
    [InlineData("at", "now() - interval '3 days'")]
    [InlineData("at", "now()")]
    [InlineData("tx", "'3'")]
    public async Task The_server_does_not_choose_when_an_event_happened(string column, string value) =>
        (await Should.ThrowAsync<PostgresException>(() => _app
            .Statement($"insert into audit.events (action, entity, {column}) values ('x', 'x', {value})").Execute()))
            .SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);

    [Fact]
    public async Task A_transaction_that_is_kept_open_does_not_give_its_events_its_own_age()
    {
        await using var connection = await _app.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var before = await connection.Statement("select clock_timestamp() from (select now()) begun").Value<DateTime>();
        await connection.Statement("insert into audit.events (action, entity) values ('x', 'x')").Execute();
        (await connection.Statement("select at >= $1 and at > now() from audit.events").With(before).Value<bool>())
            .ShouldBeTrue();
    }
}
