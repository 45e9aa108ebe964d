using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using static Amrutam.Tests.Support.Waiting;

namespace Amrutam.Tests.Audit.Reading;

public sealed class FollowEventsTests(TestCluster cluster) : IAsyncLifetime
{
    const int Writers = 6, EventsOfEach = 30, LongestNapMs = 6;
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    TestServer _server = null!;
    TestUser _admin = null!;
    string _begin = "";
    int _before;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.Start(await cluster.NewDatabase());
        _admin = await _server.User("admin");
        // The keys that a server makes at its start are events; the sealer makes its own a little later. None is
        // returned while an older transaction of another test is open.
        await Until(async () =>
        {
            var page = await Follow(_begin);
            _begin = page["next_cursor"];
            _before += page.Items.Count();
            return !await IsBehind();
        });
    }

    Task<bool> IsBehind() => _server.Owner.Statement("""
        select count(*) > $1 or not exists (select from audit.events where action = 'seal_keys.made') from audit.events
        """).With(_before).Value<bool>();

    [Fact]
    public async Task Every_event_is_given_once_in_the_logs_order_however_its_writers_commit()
    {
        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(async writer =>
        {
            var random = new Random(writer);
            for (var i = 0; i < EventsOfEach; i++)
                await _server.Owner.InTransaction(async connection =>
                {
                    await connection.Append("things.changed", "thing", Guid.CreateVersion7());
                    await Pause(random.Next(LongestNapMs));
                    return 0;
                });
        }));
        var (seen, cursor, began) = (new List<long>(), _begin, TimeProvider.System.GetTimestamp());
        while (seen.Count < Writers * EventsOfEach && TimeProvider.System.GetElapsedTime(began) < Soon)
        {
            var page = await Follow(cursor, limit: 7);
            seen.AddRange(page.Items.Select(e => e.GetProperty("position").GetInt64()));
            cursor = page["next_cursor"];
        }
        await writing;
        seen.ShouldBe(await _server.Owner.Statement("""
            select position from audit.events where action = 'things.changed' order by position
            """).List(row => row.GetInt64(0)));
        var end = await Follow(cursor);
        end.Items.ShouldBeEmpty();
        end["next_cursor"].ShouldBe(cursor);
    }

    [Fact]
    public async Task An_event_is_withheld_while_an_earlier_one_may_still_appear()
    {
        var (late, early) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await _server.Owner.InTransaction(async connection =>
        {
            await connection.Append("things.changed", "thing", late);
            await _server.Owner.Append("things.changed", "thing", early);
            for (var i = 0; i < 3; i++) (await Follow(_begin)).Items.ShouldBeEmpty();
            return 0;
        });
        var seen = new List<Guid>();
        // Transactions of other tests in this cluster may stay open for a while.
        seen.AddRange((await Follow(_begin, least: 1)).Items.Select(e => e.GetProperty("entity_id").GetGuid()));
        seen.ShouldBe([late, early]);
    }

    [Fact]
    public async Task Following_the_log_is_recorded_once_for_the_person_concerned()
    {
        var patient = await _server.User("patient");
        await _server.Owner.Append("accounts.renamed", "account", patient.Id);
        var first = await Follow(_begin, least: 2);
        first.All("action").ShouldBe(["accounts.imported", "accounts.renamed"]);
        (await patient.Http.Get("/api/me/access-log")).Is(200).All("action").ShouldBe(["events.exported"]);
        var second = await Follow(first["next_cursor"], least: 1);
        second.All("action").ShouldBe(["events.exported"]);
        (await Follow(second["next_cursor"])).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task After_a_restore_from_an_earlier_time_a_cursor_goes_on_where_that_time_ended()
    {
        for (var i = 0; i < 3; i++) await _server.Owner.Append("things.changed", "thing", null);
        var ahead = (await Follow(_begin, least: 3))["next_cursor"];
        // The last event is lost, and another cluster continues from there.
        await _server.Owner.Statement("delete from audit.events where position = $1").With(Position(ahead)).Execute();
        (await _admin.Http.Get("/api/admin/events?after=" + ahead)).Is(409, "cursor_is_ahead_of_the_log");
        await _server.Owner.Statement("update platform.event_epochs set system_identifier = 1").Execute();
        await Migrator.Migrate(_server.Database.Owner, Program.Modules, CancellationToken.None);
        await _server.Owner.Statement("select setval('audit.events_position_seq', $1, false)").With(Position(ahead))
            .Execute();
        await _server.Owner.Append("things.made", "thing", null);
        (await Follow(ahead, least: 1)).All("action").ShouldBe(["things.made"]);
    }

    [Theory]
    [InlineData("after=x", 400)]
    [InlineData("after=1-2-3", 400)]
    [InlineData("after=-1-2", 400)]
    [InlineData("limit=0", 422)]
    [InlineData("limit=501", 422)]
    public async Task A_malformed_cursor_is_refused(string query, int status) =>
        (await _admin.Http.Get("/api/admin/events?" + query)).Is(status);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    static long Position(string cursor) =>
        long.Parse(cursor.Split('-')[1], System.Globalization.CultureInfo.InvariantCulture);

    /// <param name="least">Repeats the request until the page has so many events. Older transactions of other tests
    /// delay them.</param>
    Task<Reply> Follow(string after, int limit = 100, int least = 0) => First(
        async () => (await _admin.Http.Get($"/api/admin/events?after={after}&limit={limit}")).Is(200),
        page => page.Items.Count() >= least);
}
