using Amrutam.Platform.Data;
using Amrutam.Platform.Privacy;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using Amrutam.Tests.Tidy;
using Microsoft.AspNetCore.Routing;

namespace Amrutam.Tests.Audit.Reading;

/// <summary>Each access to another person's data is recorded, and that person sees the record.</summary>
public sealed class AccessLogTests(TestCluster cluster, ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const string Table = "tests/Amrutam.Tests/Audit/Reading/reads.txt";
    const string Secret = "a rash that nobody must hear of";

    TestServer Server => fixture.Server;

    [Fact]
    public async Task A_patient_sees_when_their_doctor_opened_their_booking_its_history_and_the_list()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var booking = (await patient.Book(await doctor.Slot(), reason: Secret)).Is(201).Id;
        foreach (var path in new[] { $"/api/bookings/{booking}", $"/api/bookings/{booking}/history", "/api/bookings" })
        {
            (await patient.Http.Get(path)).Is(200);
            (await doctor.Http.Get(path)).Is(200);
        }
        var log = (await patient.Http.Get("/api/me/access-log")).Is(200);
        log.All("action").ShouldBe(["bookings.read", "bookings.read", "bookings.read"]);
        log.All("by_role").Distinct().ShouldBe(["doctor"]);
        log.All("by_name").Distinct().ShouldBe(["Test doctor"]);
        log.Items.ShouldAllBe(e =>
            e.GetProperty("count").GetInt32() == 1 && e.GetProperty("ids")[0].GetGuid() == booking);
        (await doctor.Http.Get("/api/me/access-log")).Is(200).Items.ShouldBeEmpty("what is one's own is no news");
        (await Server.Owner.Statement("select count(*) from audit.events where details::text like $1")
            .With($"%{Secret}%").Value<long>()).ShouldBe(0);
    }

    [Fact]
    public async Task A_page_of_a_doctors_bookings_is_recorded_for_each_patient_with_their_own()
    {
        var (doctor, first, second) =
            (await Server.Doctor(), await Server.User("patient"), await Server.User("patient"));
        Guid[] ofFirst = [(await first.Book(await doctor.Slot(1))).Is(201).Id,
            (await first.Book(await doctor.Slot(2))).Is(201).Id];
        var ofSecond = (await second.Book(await doctor.Slot(3))).Is(201).Id;
        (await doctor.Http.Get("/api/bookings")).Is(200).Ids().Count().ShouldBe(3);
        (await Shown(first)).ShouldBe(ofFirst, ignoreOrder: true);
        (await Shown(second)).ShouldBe([ofSecond]);
        // The newest page has one entry for one access.
        (await doctor.Http.Get("/api/bookings?limit=1")).Is(200).Ids().ShouldBe([ofSecond]);
        (await first.Http.Get("/api/me/access-log")).Is(200).Items.Count().ShouldBe(1);
        (await second.Http.Get("/api/me/access-log")).Is(200).Items.Count().ShouldBe(2);
    }

    [Fact]
    public async Task Staff_who_look_up_a_user_or_follow_their_traces_are_shown_by_role_alone()
    {
        var (admin, patient) = (await Server.User("admin", "Nobodys Business"), await Server.User("patient"));
        (await admin.Http.Get($"/api/admin/users?q={patient.Id}")).Is(200).Ids().ShouldBe([patient.Id]);
        await Server.Owner.Append("accounts.renamed", "account", patient.Id);
        (await admin.Http.Get($"/api/admin/audit?entity_id={patient.Id}")).Is(200);
        (await admin.Http.Get("/api/admin/audit?action=none.such")).Is(200);
        var log = (await patient.Http.Get("/api/me/access-log")).Is(200);
        log.All("action").ShouldBe(["events.read", "accounts.read"]);
        log.All("by_role").Distinct().ShouldBe(["admin"]);
        log.Text.ShouldNotContain("Nobodys");
        log.Text.ShouldNotContain(admin.Id.ToString());
    }

    [Fact]
    public async Task The_log_is_read_by_pages_and_shows_nobody_elses()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var booking = (await patient.Book(await doctor.Slot())).Is(201).Id;
        for (var i = 0; i < 5; i++) (await doctor.Http.Get($"/api/bookings/{booking}")).Is(200);
        var pages = new List<int>();
        for (var cursor = (string?)""; cursor is not null;)
        {
            var page = (await patient.Http.Get($"/api/me/access-log?limit=2&cursor={cursor}")).Is(200);
            pages.Add(page.Items.Count());
            cursor = page.Body.GetProperty("next_cursor").GetString();
        }
        pages.ShouldBe([2, 2, 1]);
        (await (await Server.User("patient")).Http.Get("/api/me/access-log")).Is(200).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task Data_is_not_shown_when_the_access_cannot_be_recorded()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase());
        var (doctor, patient) = (await server.Doctor(), await server.User("patient"));
        var booking = (await patient.Book(await doctor.Slot(), reason: Secret)).Is(201).Id;
        await server.Owner.Statement("""
            alter table audit.events add constraint no_reads check (entity <> 'person') not valid
            """).Execute();
        foreach (var path in new[] { $"/api/bookings/{booking}", $"/api/bookings/{booking}/history", "/api/bookings" })
        {
            var refused = await doctor.Http.Get(path);
            refused.Status.ShouldBe(500);
            refused.Text.ShouldNotContain(Secret);
            (await patient.Http.Get(path)).Is(200);
        }
    }

    [Fact]
    public void Every_route_is_in_the_table_and_records_what_it_says()
    {
        var rows = File.ReadLines(Tree.Path(Table)).Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .ToDictionary(c => $"{c[0]} {c[1]}", c => c[2]);
        var mapped = ((IEndpointRouteBuilder)Server.App).DataSources.SelectMany(source => source.Endpoints)
            .OfType<RouteEndpoint>()
            .SelectMany(route => (route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"])
                .Select(method => (Name: $"{method} {Path(route)}",
                    route.Metadata.GetMetadata<RecordsAccess>()?.Action)))
            .ToDictionary(route => route.Name, route => route.Action);
        mapped.Keys.ShouldBe(rows.Keys, ignoreOrder: true);
        mapped.Select(route => (route.Key, Says: route.Value ?? "nothing"))
            .ShouldBe(rows.Select(row => (row.Key,
                Says: row.Value is "public" or "own" or "counts" or "change" ? "nothing" : row.Value)),
                ignoreOrder: true);
        rows.Where(row => row.Value == "change" && row.Key.StartsWith("GET", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_doctor_who_waits_for_verification_sees_that_an_admin_was_shown_them_on_the_dashboard()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase());
        var (doctor, admin) = (await server.Doctor(), await Person.Admin(server));
        await server.Owner.Statement("update doctors.profiles set verified_at = null").Execute();
        using var browser = new HttpClient { BaseAddress = server.Address };
        var forms = new Forms(browser);
        (await forms.Send("/sign-in", await forms.Open(), "", ("email", admin.Email), ("password", Person.Password)))
            .Is(200).Text.ShouldContain("Test doctor");
        var log = (await doctor.Http.Get("/api/me/access-log")).Is(200);
        log.All("action").ShouldBe(["profiles.read"]);
        log.All("by_role").ShouldBe(["admin"]);
    }

    static string Path(RouteEndpoint route) =>
        "/" + route.RoutePattern.RawText!.Replace(":guid", "").Replace(":long", "").Trim('/');

    static async Task<Guid[]> Shown(TestUser person) =>
        [.. (await person.Http.Get("/api/me/access-log")).Is(200).Items.First().GetProperty("ids").EnumerateArray()
            .Select(id => id.GetGuid())];
}
