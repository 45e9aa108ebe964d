using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using static Amrutam.Tests.Support.Calendars.VisitTypes;

namespace Amrutam.Tests.Scheduling.VisitTypes;

public sealed class CatalogueTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task A_new_kind_is_in_the_list_that_is_open_to_all()
    {
        var admin = await Server.User("admin");
        var made = (await admin.Http.Post("/api/admin/visit-types", Visit(45, ("name", "Nadi pariksha"),
            ("mode", "in_person"), ("address", "12 Temple Road"), ("buffer_after_minutes", 10)))).Is(201);
        made.Header("Location").ShouldBe("/api/visit-types/" + made.Id);
        made.Header("ETag").ShouldBe("\"1\"");
        (made["currency"], made["bookable_by"], made["active"]).ShouldBe(("INR", "patients", "True"));
        var read = (await Server.Anonymous().Get($"/api/visit-types/{made.Id}")).Is(200);
        (read.Text, read.Header("ETag")).ShouldBe((made.Text, "\"1\""));
        (await Listed()).ShouldContain(made.Id);
    }

    [Fact]
    public async Task A_withdrawn_kind_is_read_by_its_id_and_listed_to_admins_alone()
    {
        var admin = await Server.User("admin");
        var type = await Server.NewVisitType();
        (await admin.Http.Patch($"/api/admin/visit-types/{type}", new { active = false })).Is(200);
        (await Listed()).ShouldNotContain(type);
        (await Server.Anonymous().Get($"/api/visit-types/{type}")).Is(200)["active"].ShouldBe("False");
        (await admin.Http.Get("/api/admin/visit-types?limit=100")).Is(200).Ids().ShouldContain(type);
    }

    [Fact]
    public async Task A_change_keeps_what_it_does_not_name_and_clears_with_null()
    {
        var admin = await Server.User("admin");
        var type = await Server.NewVisitType(30, ("description", "A talk."), ("requires_confirmation", true));
        var changed = (await admin.Http.Patch($"/api/admin/visit-types/{type}",
            new { fee_minor = (int?)null, minutes = 40, requires_confirmation = (bool?)null })).Is(200);
        (changed["minutes"], changed["fee_minor"], changed["requires_confirmation"], changed["description"],
            changed["revision"]).ShouldBe(("40", "", "", "A talk.", "2"));
    }

    [Fact]
    public async Task Each_change_is_a_version()
    {
        var admin = await Server.User("admin");
        var type = await Server.NewVisitType(30);
        (await admin.Http.Patch($"/api/admin/visit-types/{type}", new { minutes = 45 })).Is(200);
        // A change of nothing makes no version.
        (await admin.Http.Patch($"/api/admin/visit-types/{type}", new { minutes = 45 })).Is(200)
            .Header("ETag").ShouldBe("\"2\"");
        var versions = (await admin.Http.Get($"/api/admin/visit-types/{type}/versions")).Is(200);
        versions.All("revision").ShouldBe(["2", "1"]);
        versions.Items.Select(v => v.GetProperty("content").GetProperty("minutes").GetInt32()).ShouldBe([45, 30]);
        (await admin.Http.Get($"/api/admin/visit-types/{Guid.CreateVersion7()}/versions")).Is(404);
        (await Server.Owner.Statement("""
            select array_agg(action order by position) from audit.events where entity_id = $1
            """).With(type).Value<string[]>()).ShouldBe(["visit_types.created", "visit_types.changed"]);
    }

    [Fact]
    public async Task A_change_of_an_older_version_is_refused()
    {
        var admin = await Server.User("admin");
        var type = await Server.NewVisitType();
        Task<Reply> Change(string etag, int minutes) => admin.Http.Send(HttpMethod.Patch,
            $"/api/admin/visit-types/{type}", new { minutes }, null, ("If-Match", etag));
        (await Change("\"1\"", 40)).Is(200);
        (await Change("\"1\"", 50)).Is(412, "visit_type_is_stale");
        (await admin.Http.Patch($"/api/admin/visit-types/{Guid.CreateVersion7()}", new { minutes = 40 })).Is(404);
    }

    [Fact]
    public async Task A_follow_up_has_its_days_and_a_first_visit_has_none()
    {
        var admin = await Server.User("admin");
        var made = (await admin.Http.Post("/api/admin/visit-types", Visit(15, ("first", false)))).Is(201);
        made["follow_up_within_days"].ShouldBe("365");
        (await admin.Http.Patch($"/api/admin/visit-types/{made.Id}", new { first = true })).Is(200)
            ["follow_up_within_days"].ShouldBe("");
        (await admin.Http.Patch($"/api/admin/visit-types/{made.Id}", new { first = false, follow_up_within_days = 9 }))
            .Is(200)["follow_up_within_days"].ShouldBe("9");
    }

    public static readonly TheoryData<string, object?, string> Bad = new()
    {
        { "name", "", "name" }, { "name", new string('n', 101), "name" }, { "name", "two\nlines", "name" },
        { "minutes", 4, "minutes" }, { "minutes", 721, "minutes" }, { "minutes", -1, "minutes" },
        { "mode", "fax", "mode" }, { "bookable_by", "anybody", "bookable_by" },
        { "address", "12 Temple Road", "address" }, { "follow_up_within_days", 10, "follow_up_within_days" },
        { "fee_minor", -1, "fee_minor" }, { "fee_minor", 100_000_001, "fee_minor" }, { "currency", "XYZ", "currency" },
        { "buffer_before_minutes", -1, "buffer_before_minutes" },
        { "buffer_after_minutes", 241, "buffer_after_minutes" },
        { "minimum_notice_minutes", -1, "minimum_notice_minutes" },
        { "cancellation_window_minutes", 44_641, "cancellation_window_minutes" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task A_field_that_is_wrong_is_named(string member, object? value, string field)
    {
        var admin = await Server.User("admin");
        var refused = (await admin.Http.Post("/api/admin/visit-types", Visit(30, (member, value)))).Is(422);
        refused.Body.GetProperty("errors").TryGetProperty(field, out _).ShouldBeTrue(refused.Text);
        var type = await Server.NewVisitType();
        (await admin.Http.Patch($"/api/admin/visit-types/{type}", new Dictionary<string, object?> { [member] = value }))
            .Is(422).Body.GetProperty("errors").TryGetProperty(field, out _).ShouldBeTrue();
    }

    [Fact]
    public async Task A_visit_and_its_buffers_fit_into_the_longest_slot()
    {
        var admin = await Server.User("admin");
        (await admin.Http.Post("/api/admin/visit-types", Visit(700, ("buffer_after_minutes", 20)))).Is(201);
        (await admin.Http.Post("/api/admin/visit-types", Visit(700, ("buffer_after_minutes", 21))))
            .Is(422, "invalid_fields");
    }

    [Fact]
    public async Task The_same_key_adds_one_kind()
    {
        var admin = await Server.User("admin");
        var first = (await admin.Http.Post("/api/admin/visit-types", Visit(), "k")).Is(201);
        (await admin.Http.Post("/api/admin/visit-types", Visit(), "k")).Is(201).Text.ShouldBe(first.Text);
    }

    async Task<List<Guid>> Listed()
    {
        var ids = new List<Guid>();
        for (string? cursor = null; ;)
        {
            var page = (await Server.Anonymous().Get("/api/visit-types?limit=100"
                + (cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor)))).Is(200);
            ids.AddRange(page.Ids());
            if ((cursor = page.Body.GetProperty("next_cursor").GetString()) is null) return ids;
        }
    }
}
