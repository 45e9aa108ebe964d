using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Scheduling.Bookings.Reserving;

public sealed class SeriesTests(ServerFixture fixture, TestCluster cluster) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task A_series_keeps_its_local_time_when_the_clocks_change()
    {
        var (doctor, patient) = (await Server.Doctor("America/New_York"), await Server.User("patient"));
        // The clocks go back on 4 November 2029.
        var slots = new List<Guid>();
        foreach (var date in new[] { "2029-10-22", "2029-10-29", "2029-11-05", "2029-11-12" })
            slots.Add(await At(doctor, date));
        var wish = new { slot_id = slots[0], occurrences = 4, every_weeks = 1, reason = "Therapy" };
        var series = (await Post(patient, wish, "s")).Is(201);
        var bookings = series.Body.GetProperty("bookings").EnumerateArray().ToList();
        bookings.Select(b => b.GetProperty("slot_id").GetGuid()).ShouldBe(slots);
        bookings.Select(b => b.GetProperty("starts_at").GetString()).ShouldBe(
            ["2029-10-22T13:00:00Z", "2029-10-29T13:00:00Z", "2029-11-05T14:00:00Z", "2029-11-12T14:00:00Z"]);
        bookings.ShouldAllBe(b => b.GetProperty("series_id").GetGuid() == series.Id);
        (await Post(patient, wish, "s")).Is(201).Text.ShouldBe(series.Text);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task Every_other_week_and_a_time_that_the_clocks_skip_is_reported()
    {
        var (doctor, patient) = (await Server.Doctor("America/New_York"), await Server.User("patient"));
        // 02:30 does not exist on 11 March 2029.
        var first = await At(doctor, "2029-02-25", "02:30", "03:30");
        await At(doctor, "2029-03-25", "02:30", "03:30");
        var series = (await Post(patient, new
        {
            slot_id = first, occurrences = 3, every_weeks = 2, mode = "possible"
        })).Is(201);
        Report(series).ShouldBe([("2029-02-25", "confirmed"), ("2029-03-11", "local_time_does_not_exist"),
            ("2029-03-25", "confirmed")]);
    }

    [Fact]
    public async Task All_or_nothing_books_nothing_when_one_is_taken_and_possible_books_the_rest()
    {
        var (doctor, patient, other) = (await Server.Doctor(), await Server.User("patient"),
            await Server.User("patient"));
        var (one, two) = (await At(doctor, "2029-05-01"), await At(doctor, "2029-05-08"));
        (await other.Book(two)).Is(201);
        await At(doctor, "2029-05-22");
        var refused = (await Post(patient, new { slot_id = one, occurrences = 4 })).Is(409, "series_is_not_possible");
        (string, string)[] report = [("2029-05-01", "possible"), ("2029-05-08", "one_active_booking_per_slot"),
            ("2029-05-15", "no_slot_at_that_time"), ("2029-05-22", "possible")];
        Report(refused).ShouldBe(report);
        (await patient.Http.Get("/api/bookings")).Ids().ShouldBeEmpty();
        var series = (await Post(patient, new { slot_id = one, occurrences = 4, mode = "possible" })).Is(201);
        Report(series).Select(r => r.Item2).ShouldBe(["confirmed", report[1].Item2, report[2].Item2, "confirmed"]);
        (await patient.Http.Get("/api/bookings")).Ids().Count().ShouldBe(2);
        (await Post(patient, new { slot_id = two, occurrences = 2, mode = "possible" })).Is(409,
            "series_is_not_possible");
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task A_series_is_listed_and_cancelled_from_one_visit_on_and_as_a_whole()
    {
        var (doctor, patient, other) = (await Server.Doctor(), await Server.User("patient"),
            await Server.User("patient"));
        var slots = new List<Guid>();
        foreach (var day in new[] { "02", "09", "16", "23" }) slots.Add(await At(doctor, "2029-10-" + day));
        var series = (await Post(patient, new { slot_id = slots[0], occurrences = 4 })).Is(201);
        var visits = series.Body.GetProperty("bookings").EnumerateArray().Select(b => b.GetProperty("id").GetGuid())
            .ToList();
        (await patient.Book(await doctor.Slot(0))).Is(201);
        foreach (var reader in new[] { patient, doctor })
            (await reader.Http.Get($"/api/bookings?series_id={series.Id}&sort=starts_at")).Is(200).Ids()
                .ShouldBe(visits);
        var path = $"/api/bookings/series/{series.Id}/cancellation";
        (await other.Http.Post(path)).Is(404);
        (await patient.Http.Post(path, new { from_booking_id = Guid.CreateVersion7() })).Is(422, "invalid_fields");
        var later = (await patient.Http.Post(path, new { from_booking_id = visits[2], reason = "I am well" }, "c"))
            .Is(200);
        later.Ids("bookings").ShouldBe(visits[2..]);
        later.Body.GetProperty("bookings")[0].GetProperty("cancellation_reason").GetString().ShouldBe("I am well");
        Outcomes(later).ShouldBe(["cancelled", "cancelled"]);
        (await patient.Http.Post(path, new { from_booking_id = visits[2], reason = "I am well" }, "c")).Is(200)
            .Text.ShouldBe(later.Text);
        (await other.Book(slots[2])).Is(201);
        var whole = (await doctor.Http.Post(path)).Is(200);
        whole.Ids("bookings").ShouldBe(visits[..2]);
        Outcomes(whole).ShouldBe(["cancelled", "cancelled", "step_not_allowed", "step_not_allowed"]);
        Outcomes((await patient.Http.Post(path)).Is(409, "no_visit_can_be_cancelled")).ShouldAllBe(o =>
            o == "step_not_allowed");
        await Server.ShouldKeepItsInvariants();

        static IEnumerable<string?> Outcomes(Reply reply) => reply.Body.GetProperty("visits").EnumerateArray()
            .Select(visit => visit.GetProperty("outcome").GetString());
    }

    [Fact]
    public async Task A_cancelled_series_counts_as_one_cancellation_and_its_visits_have_the_doctors_window()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase(),
            "--Limits:CancellationsPerPatient=2", "--Limits:OpenBookingsPerPatient=50");
        var (doctor, patient) = (await server.Doctor(), await server.User("patient"));
        var first = await doctor.Slot(0);
        foreach (var week in new[] { 1, 2 }) await doctor.Slot(week * 7 * 48);
        var series = (await Post(patient, new { slot_id = first, occurrences = 3, mode = "possible" })).Is(201);
        series.Body.GetProperty("bookings").GetArrayLength().ShouldBe(3);
        (await doctor.Http.Put("/api/doctors/policy", new { cancellation_window_minutes = 4 * 24 * 60 })).Is(200);
        var cancelled = (await patient.Http.Post($"/api/bookings/series/{series.Id}/cancellation")).Is(200);
        cancelled.Ids("bookings").Count.ShouldBe(2);
        cancelled.Body.GetProperty("visits")[0].GetProperty("outcome").GetString()
            .ShouldBe("cancellation_window_has_passed");
        (await patient.Book(await doctor.Slot(6))).Is(201);
    }

    [Fact]
    public async Task Two_series_that_cross_never_share_a_slot()
    {
        var doctor = await Server.Doctor();
        var slots = new List<Guid>();
        for (var week = 0; week < 6; week++) slots.Add(await At(doctor,
            $"2029-0{6 + week / 4}-{1 + 7 * (week % 4):00}"));
        var patients = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Server.User("patient")));
        var replies = await Task.WhenAll(patients.Select((p, i) =>
            Post(p, new
            {
                slot_id = slots[i % 3], occurrences = 3, mode = i % 2 == 0 ? "possible" : "all_or_nothing"
            })));
        replies.ShouldAllBe(r => r.Status == 201 || r.Code == "series_is_not_possible");
        replies.ShouldContain(r => r.Status == 201);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task A_patient_has_a_few_series_and_their_bookings_do_not_count_singly()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase(),
            "--Limits:OpenSeriesPerPatient=1", "--Limits:OpenBookingsPerPatient=1");
        var (doctor, patient) = (await server.Doctor(), await server.User("patient"));
        var (first, second) = (await At(doctor, "2029-05-01"), await At(doctor, "2029-05-08"));
        var (third, single) = (await At(doctor, "2029-05-15"), await At(doctor, "2029-05-20"));
        await At(doctor, "2029-05-22");
        (await Post(patient, new { slot_id = first, occurrences = 2 })).Is(201);
        (await Post(patient, new { slot_id = third, occurrences = 2 })).Is(422, "too_many_series");
        (await patient.Book(single)).Is(201);
        (await patient.Book(third)).Is(422, "too_many_open_bookings");
        second.ShouldNotBe(first);
    }

    [Theory]
    [InlineData("""{"slot_id": "0195c1de-7f3c-7a52-8d6e-2f6a1c1b9f10", "occurrences": 27}""", 422)]
    [InlineData("""{"slot_id": "0195c1de-7f3c-7a52-8d6e-2f6a1c1b9f10", "occurrences": 1}""", 422)]
    [InlineData("""{"slot_id": "0195c1de-7f3c-7a52-8d6e-2f6a1c1b9f10", "occurrences": 2, "every_weeks": 0}""", 422)]
    [InlineData("""{"slot_id": "0195c1de-7f3c-7a52-8d6e-2f6a1c1b9f10", "occurrences": 2, "mode": "most"}""", 422)]
    [InlineData("""{"slot_id": "0195c1de-7f3c-7a52-8d6e-2f6a1c1b9f10", "occurrences": 2}""", 404)]
    [InlineData("""{"occurrences": 2}""", 400)]
    public async Task A_series_that_cannot_be_is_refused(string body, int status) =>
        (await (await Server.User("patient")).Http.Post("/api/bookings/series", body)).Is(status);

    static Task<Reply> Post(TestUser patient, object wish, string? key = null) =>
        patient.Http.Post("/api/bookings/series", wish, key);

    static async Task<Guid> At(TestUser doctor, string date, string from = "09:00", string to = "09:30") =>
        (await doctor.Http.Post("/api/slots", new { date, start_time = from, end_time = to })).Is(201).Id;

    static IEnumerable<(string, string)> Report(Reply series) => series.Body.GetProperty("report").EnumerateArray()
        .Select(o => (o.GetProperty("date").GetString()!, o.GetProperty("outcome").GetString()!));
}
