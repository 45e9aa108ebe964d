using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Scheduling.Slots;

public sealed class SlotTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task A_slot_given_in_local_time_is_an_instant_of_the_doctors_zone()
    {
        var doctor = await Server.Doctor("Asia/Kolkata");
        var slot = (await doctor.Http.Post("/api/slots", new
        {
            date = "2030-06-01", start_time = "09:30", end_time = "10:00"
        })).Is(201);
        slot["starts_at"].ShouldBe("2030-06-01T04:00:00Z");
        slot["ends_at"].ShouldBe("2030-06-01T04:30:00Z");
        (slot["date"], slot["start_time"], slot["end_time"], slot["time_zone"], slot["status"])
            .ShouldBe(("2030-06-01", "09:30", "10:00", "Asia/Kolkata", "open"));
    }

    [Fact]
    public async Task A_local_time_that_the_clocks_skip_is_refused_and_a_repeated_one_is_the_earlier()
    {
        var doctor = await Server.Doctor("America/New_York");
        (await doctor.Http.Post("/api/slots", new { date = "2027-03-14", start_time = "02:30", end_time = "03:30" }))
            .Is(422, "local_time_does_not_exist");
        var twice = (await doctor.Http.Post("/api/slots", new
        {
            date = "2027-11-07", start_time = "01:30", end_time = "02:30"
        })).Is(201);
        twice["starts_at"].ShouldBe("2027-11-07T05:30:00Z");
    }

    [Fact]
    public async Task Slots_of_a_doctor_do_not_overlap_unless_the_other_is_closed()
    {
        var doctor = await Server.Doctor();
        var first = (await doctor.Http.Post("/api/slots", new
        {
            starts_at = "2031-01-01T10:00:00Z", ends_at = "2031-01-01T11:00:00Z"
        })).Is(201);
        var overlapping = new { starts_at = "2031-01-01T10:30:00Z", ends_at = "2031-01-01T11:30:00Z" };
        (await doctor.Http.Post("/api/slots", overlapping)).Is(409, "slots_of_a_doctor_do_not_overlap").Ids("slots")
            .ShouldBe([first.Id]);
        (await doctor.Http.Post("/api/slots", new
        {
            starts_at = "2031-01-01T11:00:00Z", ends_at = "2031-01-01T11:30:00+00:00"
        })).Is(201);
        (await (await Server.Doctor()).Http.Post("/api/slots", overlapping)).Is(201);
        (await doctor.Http.Delete("/api/slots/" + first.Id)).Is(204);
        (await doctor.Http.Delete("/api/slots/" + first.Id)).Is(404);
        (await doctor.Http.Post("/api/slots", new
        {
            starts_at = "2031-01-01T10:15:00Z", ends_at = "2031-01-01T10:45:00Z"
        })).Is(201);
    }

    [Fact]
    public async Task A_midnight_that_comes_twice_belongs_to_its_own_day_in_every_list()
    {
        // In Havana the clocks go back from 01:00 to 00:00 on 7 November 2027.
        var doctor = await Server.Doctor("America/Havana");
        foreach (var hour in new[] { "03", "04", "05" })
            (await doctor.Http.Post("/api/slots", new
            {
                starts_at = $"2027-11-07T{hour}:00:00Z", ends_at = $"2027-11-07T{hour}:30:00Z",
            })).Is(201);
        foreach (var (day, hours) in new[] { ("2027-11-06", 1), ("2027-11-07", 2) })
            foreach (var path in new[] { $"/api/doctors/{doctor.Id}/slots", "/api/slots" })
            {
                var list = (await doctor.Http.Get($"{path}?from={day}&to={day}")).Is(200);
                list.All("date").ShouldBe(Enumerable.Repeat(day, hours), path);
            }
    }

    [Fact]
    public async Task A_slot_is_where_its_location_says_and_a_key_closes_it_once()
    {
        var doctor = await Server.Doctor();
        var made = (await doctor.Http.Post("/api/slots", Calendar.At(40))).Is(201);
        var path = made.Header("Location")!;
        (await doctor.Http.Get(path)).Is(200).Text.ShouldBe(made.Text);
        (await (await Server.Doctor()).Http.Get(path)).Is(404);
        (await doctor.Http.Send(HttpMethod.Delete, path, key: "close")).Is(204).Text.ShouldBeEmpty();
        var again = (await doctor.Http.Send(HttpMethod.Delete, path, key: "close")).Is(204);
        (again.Text, again.Header("Idempotency-Replayed")).ShouldBe(("", "true"));
        (await doctor.Http.Delete(path)).Is(404);
        (await doctor.Http.Get(path)).Is(200)["status"].ShouldBe("closed");
    }

    [Theory]
    [InlineData("""{"date": "2030-01-01", "start_time": "10:00", "end_time": "24:00"}""", "end_time")]
    [InlineData("""{"date": "2030-02-29", "start_time": "10:00", "end_time": "11:00"}""", "date")]
    [InlineData("""{"date": "0001-01-01", "start_time": "10:00", "end_time": "11:00"}""", "date")]
    [InlineData("""{"date": "9999-12-31", "start_time": "10:00", "end_time": "11:00"}""", "date")]
    [InlineData("""{"date": "2030-01-01", "start_time": "10:00:60", "end_time": "11:00"}""", "start_time")]
    [InlineData("""{"date": "2030-01-01", "start_time": "09:00", "end_time": "08:00"}""", "end_time")]
    [InlineData("""{"date": "2030-01-01", "start_time": "08:00", "end_time": "20:30"}""", "end_time")]
    [InlineData("""{"date": "2020-01-01", "start_time": "09:00", "end_time": "09:30"}""", "start_time")]
    [InlineData("""{"starts_at": "2030-01-01T10:00:00", "ends_at": "2030-01-01T11:00:00Z"}""", "starts_at")]
    [InlineData("""{"starts_at": "2030-01-01T10:00:00 IST", "ends_at": "2030-01-01T11:00:00Z"}""", "starts_at")]
    [InlineData("""{"starts_at": "2030-01-01T10:00:00Z", "ends_at": "2030-01-01T24:00:00Z"}""", "ends_at")]
    [InlineData("""{"starts_at": "2030-01-01T10:00:00Z", "ends_at": "2030-01-02T11:00:00Z"}""", "ends_at")]
    [InlineData("""{"starts_at": "2020-01-01T10:00:00Z", "ends_at": "2020-01-01T11:00:00Z"}""", "starts_at")]
    public async Task A_bad_slot_is_refused_by_the_field_that_is_wrong(string body, string field)
    {
        var refused = await (await Server.Doctor()).Http.Post("/api/slots", body);
        refused.Status.ShouldBeOneOf(400, 422);
        refused.Body.GetProperty("errors").EnumerateObject().Select(e => e.Name).ShouldBe([field], refused.Text);
    }

    [Theory]
    [InlineData("""{"date": "2020-01-01", "start_time": "09:00", "end_time": "09:30"}""", 422, "slot_is_in_the_past")]
    [InlineData("""{"date": "2030-01-01", "start_time": "08:00", "end_time": "20:30"}""", 422,
        "slot_is_at_most_12_hours")]
    [InlineData("""{"date": "2030-01-01", "start_time": "10:00", "end_time": "10:00"}""", 422, "invalid_fields")]
    [InlineData("""{"date": "2030-01-01", "start_time": "10:00"}""", 422, "invalid_fields")]
    [InlineData(
        """{"date": "2030-01-01", "start_time": "10:00", "end_time": "11:00", "starts_at": "2030-01-01T10:00:00Z"}""",
        422, "invalid_fields")]
    [InlineData("""{}""", 422, "invalid_fields")]
    [InlineData("""{"date": "2030-02-30", "start_time": "10:00", "end_time": "11:00"}""", 400, "malformed_request")]
    [InlineData("""{"date": "2030-02-20", "start_time": "25:00", "end_time": "11:00"}""", 400, "malformed_request")]
    [InlineData("""{"starts_at": "2030-01-01T10:00:00", "ends_at": "2030-01-01T11:00:00"}""", 400, "malformed_request")]
    [InlineData("""{"starts_at": "9999-01-01T10:00:00Z", "ends_at": "9999-01-01T11:00:00Z"}""", 400,
        "malformed_request")]
    [InlineData("""{"starts_at": "2030-01-01T23:59:60Z", "ends_at": "2030-01-02T11:00:00Z"}""", 400,
        "malformed_request")]
    public async Task A_bad_slot_is_refused_and_nothing_is_saved(string body, int status, string code)
    {
        var doctor = await Server.Doctor();
        (await doctor.Http.Post("/api/slots", body)).Is(status, code);
        (await doctor.Http.Get("/api/slots?status=open")).Is(200).Body.GetProperty("items").GetArrayLength()
            .ShouldBe(0);
    }

    [Fact]
    public async Task A_doctor_without_a_profile_gets_a_problem_that_says_so() =>
        (await (await Server.User("doctor")).Http.Post("/api/slots", Calendar.At(0))).Is(409, "doctor_has_no_profile");

    [Fact]
    public async Task Everybody_sees_the_open_slots_and_only_those()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var (open, booked, held, closed) = (await doctor.Slot(0), await doctor.Slot(1), await doctor.Slot(2),
            await doctor.Slot(3));
        var expired = await doctor.Slot(4);
        (await patient.Book(booked)).Is(201);
        (await doctor.Http.Delete("/api/slots/" + closed)).Is(204);
        (await patient.Http.Post($"/api/slots/{held}/hold")).Is(201);
        (await patient.Http.Post($"/api/slots/{expired}/hold")).Is(201);
        await Server.EndHold(expired);
        var list = (await Server.Anonymous().Get($"/api/doctors/{doctor.Id}/slots")).Is(200);
        list.Body.GetProperty("items").EnumerateArray().Select(s => s.GetProperty("id").GetGuid())
            .ShouldBe([open, expired]);
        (await Server.Anonymous().Get($"/api/doctors/{Guid.CreateVersion7()}/slots")).Is(404);
        (await doctor.Http.Get("/api/slots")).Is(200).Body.GetProperty("items").EnumerateArray()
            .Select(s => s.GetProperty("status").GetString()).ShouldBe(["open", "booked", "held", "open"]);
    }

    [Fact]
    public async Task Dates_are_days_of_the_doctors_zone_and_pages_follow_each_other()
    {
        var doctor = await Server.Doctor("Asia/Kolkata");
        foreach (var time in new[] { ("23:00", "23:30"), ("23:30", "00:00") })
            (await doctor.Http.Post("/api/slots", new
            {
                date = "2030-07-01", start_time = time.Item1, end_time = time.Item2
            })).Is(201);
        (await doctor.Http.Post("/api/slots", new { date = "2030-07-02", start_time = "00:00", end_time = "00:30" }))
            .Is(201);
        var day =
            (await Server.Anonymous().Get($"/api/doctors/{doctor.Id}/slots?from=2030-07-01&to=2030-07-01&limit=1"))
            .Is(200);
        day.Body.GetProperty("items")[0].GetProperty("start_time").GetString().ShouldBe("23:00");
        var rest = (await Server.Anonymous()
            .Get($"/api/doctors/{doctor.Id}/slots?from=2030-07-01&to=2030-07-01&limit=1&cursor={day["next_cursor"]}"))
            .Is(200);
        rest.Body.GetProperty("items")[0].GetProperty("start_time").GetString().ShouldBe("23:30");
        rest.Body.GetProperty("next_cursor").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
        (await Server.Anonymous().Get($"/api/doctors/{doctor.Id}/slots?from=2030-13-01")).Is(400);
        (await Server.Anonymous().Get($"/api/doctors/{doctor.Id}/slots?from=2030-07-02&to=2030-07-01")).Is(422);
    }
}
