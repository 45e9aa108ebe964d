using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Tests.Scheduling.Slots;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Doctors.Profiles;

public sealed class ProfileTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    static Dictionary<string, object?> Profile(params (string Name, object? Value)[] members)
    {
        var profile = new Dictionary<string, object?>
        {
            ["specialization"] = "Kayachikitsa", ["experience"] = 12, ["bio"] = "Treats digestion.",
        };
        foreach (var (name, value) in members) profile[name] = value;
        return profile;
    }

    [Fact]
    public async Task A_doctor_makes_a_profile_and_everybody_reads_it()
    {
        var doctor = await Server.User("doctor", "Asha Rao");
        var profile = Profile(("languages", new[] { "Hindi", "தமிழ்", "en-IN", "hi" }), ("fee_minor", 50000));
        var reply = (await doctor.Http.Post("/api/doctors/profile", profile)).Is(201);
        reply.Header("Location").ShouldBe($"/api/doctors/{doctor.Id}");
        reply.Id.ShouldBe(doctor.Id);
        reply["user_id"].ShouldBe(doctor.Id.ToString());
        reply["full_name"].ShouldBe("Asha Rao");
        reply["currency"].ShouldBe("INR");
        reply["time_zone"].ShouldBe("Asia/Kolkata");
        reply["verified"].ShouldBe("False");
        reply.Body.GetProperty("next_open_slot_at").ValueKind.ShouldBe(JsonValueKind.Null);
        reply.Body.GetProperty("languages").EnumerateArray().Select(l => l.GetString()).ShouldBe(["hi", "ta", "en"]);

        var seen = (await Server.Anonymous().Get($"/api/doctors/{doctor.Id}")).Is(200);
        seen["bio"].ShouldBe("Treats digestion.");
        (await doctor.Http.Get("/api/doctors/profile")).Is(200).Text.ShouldBe(seen.Text);
        (await Events(doctor.Id)).ShouldBe(["profiles.created"]);
    }

    [Fact]
    public async Task A_second_profile_is_refused_also_when_both_come_at_once()
    {
        var doctor = await Server.User("doctor");
        var replies = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => doctor.Http.Post("/api/doctors/profile", Profile())));
        replies.Count(r => r.Status == 201).ShouldBe(1);
        foreach (var reply in replies.Where(r => r.Status != 201)) reply.Is(409, "one_profile_per_doctor");
        (await Events(doctor.Id)).ShouldBe(["profiles.created"]);
    }

    [Fact]
    public async Task Only_doctors_have_profiles()
    {
        (await Server.Anonymous().Post("/api/doctors/profile", Profile())).Is(401);
        (await (await Server.User("patient")).Http.Post("/api/doctors/profile", Profile())).Is(403);
        (await (await Server.User("admin")).Http.Patch("/api/doctors/profile", Profile())).Is(403);
    }

    public static TheoryData<string, object?> WrongFields => new()
    {
        { "experience", -1 }, { "experience", 81 }, { "specialization", "" },
        { "specialization", new string('x', 101) },
        { "specialization", "a\0b" }, { "bio", " " }, { "bio", new string('x', 2001) }, { "full_name", "" },
        { "full_name", new string('x', 201) }, { "languages", new[] { "Klingon" } },
        { "languages", new string?[] { null } },
        { "languages", Enumerable.Repeat("hi", 11).ToArray() }, { "fee_minor", -1 }, { "fee_minor", 100_000_001 },
        { "currency", "inr" }, { "currency", "ABC" }, { "registration_number", new string('x', 51) },
        { "time_zone", "IST" }, { "time_zone", "Mars/Olympus" }, { "time_zone", "+05:30" },
        { "time_zone", "asia/kolkata" },
    };

    [Theory, MemberData(nameof(WrongFields))]
    public async Task A_wrong_field_is_named_and_nothing_is_saved(string field, object? value)
    {
        var doctor = await Server.User("doctor");
        (await doctor.Http.Post("/api/doctors/profile", Profile((field, value)))).Is(422)
            .Body.GetProperty("errors").TryGetProperty(field, out _).ShouldBeTrue();
        (await doctor.Http.Get("/api/doctors/profile")).Is(404);
        (await doctor.Http.Post("/api/doctors/profile", Profile())).Is(201);
        (await doctor.Http.Patch("/api/doctors/profile", new Dictionary<string, object?> { [field] = value })).Is(422)
            .Body.GetProperty("errors").TryGetProperty(field, out _).ShouldBeTrue();
        (await Events(doctor.Id)).ShouldBe(["profiles.created"]);
    }

    [Fact]
    public async Task All_wrong_fields_are_named_at_once() =>
        (await (await Server.User("doctor")).Http.Post("/api/doctors/profile",
            Profile(("experience", 99), ("time_zone", "IST"), ("fee_minor", -5)))).Is(422).Body.GetProperty("errors")
                .EnumerateObject().Count().ShouldBe(3);

    [Theory]
    [InlineData("""{"specialization": "x", "experience": 1}""")]
    [InlineData("""{"specialization": "x", "experience": 1, "bio": "x", "verified": true}""")]
    [InlineData("""{"specialization": "x", "experience": 1, "bio": "x", "id": "01989a00"}""")]
    [InlineData("""{"specialization": "x", "experience": 1.5, "bio": "x"}""")]
    [InlineData("""{"specialization": "x", "experience": "1", "bio": "x"}""")]
    [InlineData("""{"specialization": null, "experience": 1, "bio": "x"}""")]
    [InlineData("""{"specialization": "\ud800", "experience": 1, "bio": "x"}""")]
    public async Task A_malformed_profile_is_refused(string body) =>
        (await (await Server.User("doctor")).Http.Post("/api/doctors/profile", body)).Is(400);

    [Fact]
    public async Task A_change_touches_only_what_it_names()
    {
        var doctor = await Server.User("doctor");
        var profile = Profile(("fee_minor", 100), ("languages", new[] { "hi" }));
        var before = (await doctor.Http.Post("/api/doctors/profile", profile)).Is(201);
        var after = (await doctor.Http.Patch("/api/doctors/profile", new { bio = "Treats skin." })).Is(200);
        after.Text.ShouldBe(before.Text.Replace("Treats digestion.", "Treats skin.", StringComparison.Ordinal));
        (await doctor.Http.Get("/api/doctors/profile")).Is(200).Text.ShouldBe(after.Text);
        (await Events(doctor.Id)).ShouldBe(["profiles.created", """profiles.changed {"fields": ["bio"]}"""]);
    }

    [Fact]
    public async Task Null_clears_optional_fields_and_no_others()
    {
        var doctor = await Server.User("doctor");
        await doctor.Http.Post("/api/doctors/profile",
            Profile(("fee_minor", 100), ("languages", new[] { "hi" }), ("registration_number", "MH-1")));
        var cleared = (await doctor.Http.Patch("/api/doctors/profile",
            """{"fee_minor": null, "languages": null, "registration_number": null}""")).Is(200);
        cleared.Body.GetProperty("fee_minor").ValueKind.ShouldBe(JsonValueKind.Null);
        cleared.Body.GetProperty("registration_number").ValueKind.ShouldBe(JsonValueKind.Null);
        cleared.Body.GetProperty("languages").GetArrayLength().ShouldBe(0);
        foreach (var field in new[] { "specialization", "experience", "bio", "full_name", "currency", "time_zone" })
            (await doctor.Http.Patch("/api/doctors/profile", $$"""{"{{field}}": null}""")).Is(422)
                .Body.GetProperty("errors").TryGetProperty(field, out _).ShouldBeTrue();
    }

    [Fact]
    public async Task A_change_to_the_present_values_is_no_event()
    {
        var doctor = await Server.User("doctor");
        var before = (await doctor.Http.Post("/api/doctors/profile", Profile())).Is(201);
        (await doctor.Http.Patch("/api/doctors/profile", Profile(("currency", "INR")))).Is(200)
            .Text.ShouldBe(before.Text);
        (await doctor.Http.Patch("/api/doctors/profile", "{}")).Is(200).Text.ShouldBe(before.Text);
        (await Events(doctor.Id)).ShouldBe(["profiles.created"]);
    }

    [Fact]
    public async Task There_is_nothing_to_change_before_there_is_a_profile() =>
        (await (await Server.User("doctor")).Http.Patch("/api/doctors/profile", new { bio = "x" })).Is(404);

    [Fact]
    public async Task A_new_zone_leaves_slots_at_the_instants_that_were_promised()
    {
        var doctor = await Server.Doctor("Asia/Kolkata");
        var slot = await Server.OpenSlot(doctor.Id, "now() + interval '2 days'");
        (await doctor.Http.Patch("/api/doctors/profile", new { time_zone = "America/New_York" })).Is(200)
            ["time_zone"].ShouldBe("America/New_York");
        var now = Server.Owner.Statement("select starts_at from scheduling.slots where id = $1").With(slot.Id);
        (await now.Value<DateTime>()).ShouldBe(slot.StartsAt);
    }

    [Theory]
    [InlineData("Asia/Calcutta", "Asia/Kolkata")]
    [InlineData("US/Eastern", "America/New_York")]
    [InlineData("America/Buenos_Aires", "America/Argentina/Buenos_Aires")]
    [InlineData("Europe/Oslo", "Europe/Oslo")]
    [InlineData("UTC", "UTC")]
    public async Task A_former_name_of_a_zone_is_kept_as_the_present_one(string given, string kept)
    {
        var doctor = await Server.Doctor();
        (await doctor.Http.Patch("/api/doctors/profile", new { time_zone = given })).Is(200)["time_zone"]
            .ShouldBe(kept);
    }

    async Task<List<string>> Events(Guid doctor) => await Server.Owner.Statement("""
        select action || coalesce(' ' || details::text, '') from audit.events
         where entity = 'doctor' and entity_id = $1 order by position
        """).With(doctor).List(row => row.GetString(0));
}
