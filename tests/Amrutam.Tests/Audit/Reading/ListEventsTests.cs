using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using Amrutam.Tests.Tidy.Statements;

namespace Amrutam.Tests.Audit.Reading;

public sealed class ListEventsTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task A_booking_and_its_end_are_found_by_each_filter_newest_first()
    {
        var (admin, doctor) = (await Server.User("admin"), await Server.Doctor());
        var patient = await Server.User("patient");
        var booking = (await patient.Book(await doctor.Slot())).Is(201).Id;
        (await patient.Http.Post($"/api/bookings/{booking}/cancellation", new { })).Is(200);
        string[] both = ["bookings.cancelled", "bookings.booked"];
        (await Actions(admin, $"entity_id={booking}")).ShouldBe(both);
        (await Actions(admin, $"actor_id={patient.Id}")).ShouldBe(both);
        (await Actions(admin, $"actor_id={patient.Id}&action=bookings.booked")).ShouldBe(["bookings.booked"]);
        (await Actions(admin, $"action=bookings.cancelled&entity_id={booking}&entity=booking"))
            .ShouldBe(["bookings.cancelled"]);
        (await Actions(admin, $"entity=slot&actor_id={doctor.Id}")).ShouldBe(["slots.published"]);
        (await Actions(admin, $"entity_id={booking}&from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00%2B05:30"))
            .ShouldBeEmpty();
    }

    [Fact]
    public async Task Pages_hold_every_event_once()
    {
        var (admin, thing) = (await Server.User("admin"), Guid.CreateVersion7());
        for (var i = 0; i < 7; i++) await Server.Owner.Append("things.changed", "thing", thing, $$"""{"n": {{i}}}""");
        var seen = new List<int>();
        for (var cursor = (string?)""; cursor is not null;)
        {
            var page = (await admin.Http.Get($"/api/admin/audit?entity_id={thing}&limit=3&cursor={cursor}"))
                .Is(200).Body;
            seen.AddRange(page.GetProperty("items").EnumerateArray()
                .Select(e => e.GetProperty("details").GetProperty("n").GetInt32()));
            cursor = page.GetProperty("next_cursor").GetString();
        }
        seen.ShouldBe([6, 5, 4, 3, 2, 1, 0]);
    }

    [Theory]
    [InlineData("from=yesterday", 422)]
    [InlineData("from=2026-11-22", 422)]
    [InlineData("entity_id=7", 400)]
    [InlineData("action=%00", 422)]
    [InlineData("cursor=x", 400)]
    public async Task A_filter_that_means_nothing_is_refused(string filter, int status) =>
        (await (await Server.User("admin")).Http.Get("/api/admin/audit?" + filter)).Is(status);

    [Fact]
    public async Task Nobody_but_an_admin_reads_the_log()
    {
        (await Server.Anonymous().Get("/api/admin/audit")).Is(401);
        (await (await Server.User("doctor")).Http.Get("/api/admin/audit")).Is(403);
        (await (await Server.User("patient")).Http.Get("/api/admin/stats")).Is(403);
    }

    [Theory]
    [InlineData("entity = ", "'thing_7'", null, null, null)]
    [InlineData("entity_id = ", null, "'00000000-0000-7000-8000-000000000007'", null, null)]
    [InlineData("actor_id = ", null, null, "'00000000-0000-7000-8000-000000000007'", null)]
    [InlineData("action = ", null, null, null, "'things.made_7'")]
    [InlineData("at >= ", null, null, null, null)]
    public async Task A_page_is_read_by_an_index_of_its_filter(string condition, string? entity, string? id,
        string? actor, string? action)
    {
        await Server.Owner.Statement("""
            insert into audit.events (actor_id, action, entity, entity_id)
            select gen_random_uuid(), 'things.made_' || n % 50, 'thing_' || n % 50, gen_random_uuid()
                 from generate_series(1, 20000) n
            """).Execute();
        await Server.Owner.Statement("analyze audit.events").Execute();
        var sql = SqlConstants.All.Single(s => s.Name == "Amrutam.Audit.Reading.ListEvents.Newest").Text;
        var plan = await Server.Owner.InTransaction(async connection =>
        {
            await connection.Statement("set local plan_cache_mode = force_custom_plan").Execute();
            await connection.Statement("prepare page as " + sql).Execute();
            var values = string.Join(", ", new[] { entity, id, actor, action, null, null, null, null, "20" }
                .Select(v => v ?? "null"));
            return await connection.Statement($"explain analyze execute page ({values})").List(row => row.GetString(0));
        });
        plan.ShouldContain(line =>
            line.Contains("Index Cond: ((" + condition, StringComparison.Ordinal), string.Join('\n', plan));
        // A frequent value is read in the order of the list, and no further than the page.
        if (condition is not ("entity_id = " or "actor_id = ")) plan
            .ShouldNotContain(line => line.Contains("Sort", StringComparison.Ordinal));
    }

    static async Task<string[]> Actions(TestUser admin, string filter) =>
        [.. (await admin.Http.Get("/api/admin/audit?" + filter)).Is(200).Body.GetProperty("items").EnumerateArray()
            .Select(e => e.GetProperty("action").GetString()!)];
}
