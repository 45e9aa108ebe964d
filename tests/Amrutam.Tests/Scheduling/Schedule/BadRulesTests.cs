using System.Text.Json;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using static Amrutam.Tests.Support.Calendars.Availability;

namespace Amrutam.Tests.Scheduling.Schedule;

/// <summary>Rules and time off that make no sense: the problem names the field, and nothing is saved.</summary>
public sealed class BadRulesTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    const string GoodBut = """{"weekday":"monday","from":"09:00","to":"17:00","slot_minutes":30""";
    const string Good = """{"weekday":"monday","from":"09:00","to":"17:00","slot_minutes":30}""";

    [Theory]
    [InlineData("""{"weekday":"Monday","from":"09:00","to":"17:00","slot_minutes":30}""", 422, "rules[0].weekday")]
    [InlineData("""{"weekday":"funday","from":"09:00","to":"17:00","slot_minutes":30}""", 422, "rules[0].weekday")]
    [InlineData("""{"weekday":"","from":"09:00","to":"17:00","slot_minutes":30}""", 422, "rules[0].weekday")]
    [InlineData("""{"weekday":"monday","from":"9:00","to":"17:00","slot_minutes":30}""", 422, "rules[0].from")]
    [InlineData("""{"weekday":"monday","from":"24:00","to":"17:00","slot_minutes":30}""", 422, "rules[0].from")]
    [InlineData("""{"weekday":"monday","from":"25:00","to":"17:00","slot_minutes":30}""", 422, "rules[0].from")]
    [InlineData("""{"weekday":"monday","from":"09:00Z","to":"17:00","slot_minutes":30}""", 422, "rules[0].from")]
    [InlineData("""{"weekday":"monday","from":"09:00","to":"24:01","slot_minutes":30}""", 422, "rules[0].to")]
    [InlineData("""{"weekday":"monday","from":"09:00","to":"23:59:60","slot_minutes":30}""", 422, "rules[0].to")]
    [InlineData("""{"weekday":"monday","from":"09:00","to":"09:00","slot_minutes":30}""", 422, "rules[0].to")]
    [InlineData("""{"weekday":"monday","from":"09:00","to":"17:00","slot_minutes":1}""", 422, "rules[0].slot_minutes")]
    [InlineData("""{"weekday":"monday","from":"00:00","to":"24:00","slot_minutes":1500}""",
        422, "rules[0].slot_minutes")]
    [InlineData("""{"weekday":"monday","from":"09:00","to":"17:00","slot_minutes":-30}""",
        422, "rules[0].slot_minutes")]
    [InlineData("""{"weekday":"monday","from":"09:00","to":"09:20","slot_minutes":30}""", 422, "rules[0].slot_minutes")]
    [InlineData(GoodBut + ""","gap_minutes":-1}""", 422, "rules[0].gap_minutes")]
    [InlineData(GoodBut + ""","valid_from":"2027-01-02","valid_to":"2027-01-01"}""", 422, "rules[0].valid_to")]
    [InlineData(GoodBut + ""","valid_from":"2027-01-05","valid_to":"2027-01-10"}""", 422, "rules[0].weekday")]
    [InlineData(GoodBut + ""","valid_from":"2027-02-29"}""", 400, "rules[0].valid_from")]
    [InlineData(GoodBut + ""","valid_from":"0001-01-01"}""", 400, "rules[0].valid_from")]
    [InlineData(GoodBut + ""","valid_to":"9999-12-31"}""", 400, "rules[0].valid_to")]
    [InlineData("""{"weekday":"monday","from":"09:00","to":"17:00","slot_minutes":"30"}""",
        400, "rules[0].slot_minutes")]
    [InlineData("""{"weekday":"monday","from":"09:00","to":"17:00"}""", 400, "slot_minutes")]
    [InlineData(GoodBut + ""","zone":"IST"}""", 400, "rules[0].zone")]
    [InlineData("null", 422, "rules[0]")]
    [InlineData(Good + "," + Good, 422, "rules[1]")]
    [InlineData("""{"weekday":"monday","from":"22:00","to":"06:00","slot_minutes":30},"""
        + """{"weekday":"tuesday","from":"05:30","to":"08:00","slot_minutes":30}""", 422, "rules[1]")]
    [InlineData("""{"weekday":"monday","from":"00:00","to":"01:00","slot_minutes":30},"""
        + """{"weekday":"sunday","from":"23:00","to":"00:30","slot_minutes":30}""", 422, "rules[1]")]
    public async Task A_rule_that_makes_no_sense_is_refused_by_name(string rules, int status, string field)
    {
        var doctor = await Server.Doctor();
        foreach (var (method, path) in new[]
        {
            (HttpMethod.Put, "/api/availability"), (HttpMethod.Post, "/api/availability/preview"),
        })
        {
            var refused = (await doctor.Http.Send(method, path, $$"""{"rules":[{{rules}}]}""")).Is(status);
            refused.Body.GetProperty("errors").EnumerateObject().Select(e => e.Name).ShouldContain(field, refused.Text);
        }
        await NothingIsSaved(doctor);
    }

    [Theory]
    [InlineData("""{"rules":[],"horizon_days":0}""", 422, "horizon_days")]
    [InlineData("""{"rules":[],"horizon_days":401}""", 422, "horizon_days")]
    [InlineData("""{"rules":[],"minimum_notice_minutes":-1}""", 422, "minimum_notice_minutes")]
    [InlineData("""{"rules":[],"minimum_notice_minutes":50000}""", 422, "minimum_notice_minutes")]
    [InlineData("""{"rules":[],"minimum_notice_minutes":2881,"horizon_days":2}""", 422, "minimum_notice_minutes")]
    [InlineData("""{"rules":null}""", 400, "rules")]
    [InlineData("""{}""", 400, "rules")]
    [InlineData("""{"rules":[],"time_zone":"IST"}""", 400, "time_zone")]
    public async Task A_set_that_makes_no_sense_is_refused_by_name(string body, int status, string field)
    {
        var doctor = await Server.Doctor();
        var refused = (await doctor.Http.Put("/api/availability", body)).Is(status);
        refused.Body.GetProperty("errors").TryGetProperty(field, out _).ShouldBeTrue(refused.Text);
        await NothingIsSaved(doctor);
    }

    [Fact]
    public async Task An_overlapping_rule_is_refused_with_the_number_of_the_other()
    {
        const string tooShort = """{"weekday":"friday","from":"09:00","to":"09:10","slot_minutes":30}""";
        var doctor = await Server.Doctor();
        var refused = (await doctor.Http.Put("/api/availability", $$"""{"rules":[{{tooShort}},{{Good}},{{Good}}]}"""))
            .Is(422);
        refused.Body.GetProperty("errors").GetProperty("rules[2]")[0].GetString().ShouldBe("overlaps rules[1]");
    }

    [Fact]
    public async Task Far_too_many_rules_or_slots_are_refused()
    {
        var doctor = await Server.Doctor();
        (await doctor.Offer([.. Enumerable.Repeat(0, 101).Select(_ => JsonDocument.Parse(Good).RootElement)])).Is(422)
            .Body.GetProperty("errors").TryGetProperty("rules", out _).ShouldBeTrue();
        // As many as a body holds, and then more than a body holds.
        var full = string.Join(',', Enumerable.Repeat(Good, 128 * 1024 / (Good.Length + 1) - 1));
        (await doctor.Http.Put("/api/availability", $$"""{"rules":[{{full}}]}""")).Is(422)
            .Body.GetProperty("errors").TryGetProperty("rules", out _).ShouldBeTrue();
        (await doctor.Http.Put("/api/availability",
            $$"""{"rules":[{{string.Join(',', Enumerable.Repeat("null", 26_000))}}]}""")).Is(422)
            .Body.GetProperty("errors").TryGetProperty("rules", out _).ShouldBeTrue();
        var hundredThousand = string.Join(',', Enumerable.Repeat(Good, 100_000));
        (await doctor.Http.Put("/api/availability", $$"""{"rules":[{{hundredThousand}}]}""")).Is(413);
        (await doctor.Offer(Daily("00:00", "24:00", 5), horizon: 400)).Is(422)
            .Body.GetProperty("errors").TryGetProperty("horizon_days", out _).ShouldBeTrue();
        await NothingIsSaved(doctor);
    }

    [Fact]
    public async Task Rules_that_only_touch_or_never_share_a_date_are_let_in()
    {
        var doctor = await Server.Doctor();
        (await doctor.Http.Put("/api/availability", """
            {"rules":[
              {"weekday":"monday","from":"22:00","to":"06:00","slot_minutes":30},
              {"weekday":"tuesday","from":"06:00","to":"08:00","slot_minutes":30},
              {"weekday":"sunday","from":"00:00","to":"24:00","slot_minutes":720,"valid_to":"2028-02-29"},
              {"weekday":"sunday","from":"08:00","to":"09:00","slot_minutes":5,"valid_from":"2028-03-01"}]}
            """)).Is(200);
    }

    [Theory]
    [InlineData("2030-02-29", "2030-03-02", "from")]
    [InlineData("2030-03-01T09:00:00", "2030-03-01T10:00:00Z", "from")]
    [InlineData("2030-03-01T09:00:00Z", "2030-03-01T23:59:60Z", "to")]
    [InlineData("2030-03-01T09:00:00Z", "2030-03-01T24:00:00", "to")]
    [InlineData("0001-01-01", "9999-12-31", "from")]
    [InlineData("2030-03-02", "2030-03-01", "to")]
    [InlineData("2030-03-01T09:00:00Z", "2030-03-01T09:00:00Z", "to")]
    [InlineData("2030-03-01", "2030-03-02T09:00:00Z", "to")]
    [InlineData("2030-03-01", "2034-03-01", "to")]
    [InlineData("2020-03-01", "2020-03-02", "to")]
    public async Task Time_off_that_makes_no_sense_is_refused_by_name(string from, string to, string field)
    {
        var doctor = await Server.Doctor();
        var refused = (await doctor.Leave(from, to)).Is(422, "invalid_fields");
        refused.Body.GetProperty("errors").TryGetProperty(field, out _).ShouldBeTrue(refused.Text);
        (await doctor.Leave("2030-03-01", "2030-03-02", "burn")).Is(422, "invalid_fields");
        (await doctor.Http.Get("/api/availability/time-off")).Is(200).Ids("items").ShouldBeEmpty();
    }

    async Task NothingIsSaved(TestUser doctor)
    {
        var read = (await doctor.Http.Get("/api/availability")).Is(200);
        (read.Header("ETag"), read.Body.GetProperty("rules").GetArrayLength()).ShouldBe(("\"0\"", 0));
        (await doctor.Http.Get("/api/slots")).Is(200).Body.GetProperty("items").GetArrayLength().ShouldBe(0);
    }
}
