using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Servers;
using NodaTime;
using Npgsql;

namespace Amrutam.Tests.Platform.Data;

/// <summary>Reading and writing of values that PostgreSQL and .NET represent differently.</summary>
public sealed class SqlTests(TestCluster cluster) : IAsyncLifetime
{
    static readonly Guid Id = Guid.CreateVersion7();

    NpgsqlDataSource _db = null!;

    public async ValueTask InitializeAsync() =>
        _db = Database.OpenUnpooled((await cluster.NewDatabase()).Owner, "tests");

    public ValueTask DisposeAsync() => _db.DisposeAsync();

    [Fact]
    public async Task Infinity_is_the_greatest_and_the_least_instant_in_both_directions()
    {
        (await Read("select 'infinity'::timestamptz")).ShouldBe(Instant.MaxValue);
        (await Read("select '-infinity'::timestamptz")).ShouldBe(Instant.MinValue);
        (await Write(Instant.MaxValue)).ShouldBe("infinity");
        (await Write(Instant.MinValue)).ShouldBe("-infinity");
    }

    [Fact]
    public async Task An_instant_is_read_as_it_was_written()
    {
        var instant = Instant.FromUtc(2026, 11, 22, 9, 30);
        (await _db.Statement("select $1").With(instant).One(row => row.GetInstant(0))).ShouldBe(instant);
    }

    [Fact]
    public async Task One_reads_a_row_of_a_value_or_a_class_and_null_if_there_is_none()
    {
        (await _db.Statement("select $1").With(Id).One(row => row.GetGuid(0))).ShouldBe(Id);
        (await _db.Statement("select $1 where false").With(Id).One(row => row.GetGuid(0))).ShouldBeNull();
        (await _db.Statement("select 'a'").One(row => row.GetString(0))).ShouldBe("a");
        (await _db.Statement("select 'a' where false").One(row => row.GetString(0))).ShouldBeNull();
    }

    Task<Instant?> Read(string sql) => _db.Statement(sql).One(row => row.GetInstant(0));

    Task<string?> Write(Instant instant) => _db.Statement("select $1::text").With(instant).Value<string>();
}
