using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using NodaTime;

namespace Amrutam.Tests.Scheduling.Bookings.Reserving;

public sealed class AnyDoctorTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task A_specialization_that_no_doctor_has_is_not_called_busy_and_the_near_ones_are_named()
    {
        await Server.Doctor(specialization: "Rasashastra");
        var patient = await Server.User("patient");
        var refused = (await Wish(patient, "Rasashastre", 0)).Is(422, "no_such_specialization");
        refused.Body.GetProperty("specializations").EnumerateArray().Select(s => s.GetString())
            .ShouldBe(["Rasashastra"]);
        refused["detail"].ShouldContain("Rasashastra");
        (await Wish(patient, "Xyzzyqwert", 0)).Is(422, "no_such_specialization").Body.GetProperty("specializations")
            .GetArrayLength().ShouldBe(0);
        (await Wish(patient, "rasashastra", 0)).Is(409, "no_doctor_is_free");
    }

    [Fact]
    public async Task The_least_loaded_free_doctor_is_chosen_and_the_answer_says_why()
    {
        var (busy, calm) = (await Server.Doctor(specialization: "Basti"), await Server.Doctor(specialization: "Basti"));
        for (var i = 1; i <= 2; i++) (await (await Server.User("patient")).Book(await busy.Slot(i))).Is(201);
        (await (await Server.User("patient")).Book(await calm.Slot(1))).Is(201);
        await busy.Slot(0);
        await calm.Slot(0);
        var booked = (await Wish(await Server.User("patient"), "basti", 0)).Is(201);
        booked["doctor_id"].ShouldBe(calm.Id.ToString());
        var chosen = booked.Body.GetProperty("chosen");
        (chosen.GetProperty("rule").GetString(), chosen.GetProperty("bookings_that_week").GetInt32(),
            chosen.GetProperty("doctors_free").GetInt32()).ShouldBe(("least_loaded", 1, 2));
        chosen.GetProperty("because").GetString().ShouldBe(
            "Of 2 basti doctors who are free then, this one has the fewest bookings that week (1).");
        (await Wish(await Server.User("patient"), "Basti", 0)).Is(201)["doctor_id"].ShouldBe(busy.Id.ToString());
        (await Wish(await Server.User("patient"), "Basti", 0)).Is(409, "no_doctor_is_free");
    }

    [Fact]
    public async Task A_range_gives_the_first_free_time_at_which_the_patient_is_free_too()
    {
        var (doctor, elsewhere, patient) = (await Server.Doctor(specialization: "Nasya"), await Server.Doctor(),
            await Server.User("patient"));
        (await patient.Book(await elsewhere.Slot(0))).Is(201);
        await doctor.Slot(0);
        var free = await doctor.Slot(1);
        var wish = new { specialization = "Nasya", between = new { from = At(0), to = At(4) }, reason = "Cough" };
        var booked = (await patient.Http.Post("/api/bookings", wish, "range")).Is(201);
        (booked["slot_id"], booked["reason"]).ShouldBe((free.ToString(), "Cough"));
        (await patient.Http.Post("/api/bookings", wish, "range")).Is(201).Text.ShouldBe(booked.Text);
        (await Wish(patient, "Nasya", 0)).Is(409, "bookings_of_a_patient_do_not_overlap").Ids("bookings").Count
            .ShouldBe(1);
    }

    [Fact]
    public async Task A_key_gives_its_answer_when_nobody_is_free_any_more()
    {
        var (doctor, patient) = (await Server.Doctor(specialization: "Agada"), await Server.User("patient"));
        await doctor.Slot(0);
        var first = (await Wish(patient, "Agada", 0, "once")).Is(201);
        var again = (await Wish(patient, "Agada", 0, "once")).Is(201);
        (again.Text, again.Header("Idempotency-Replayed")).ShouldBe((first.Text, "true"));
        (await Wish(patient, "Agada", 1, "once")).Is(422, "idempotency_key_reused");
    }

    [Fact]
    public async Task Concurrent_wishes_get_a_doctor_each()
    {
        for (var i = 0; i < 12; i++) await (await Server.Doctor(specialization: "Rasayana")).Slot(3);
        var patients = await Task.WhenAll(Enumerable.Range(0, 14).Select(_ => Server.User("patient")));
        var replies = await Task.WhenAll(patients.Select(p => Wish(p, "Rasayana", 3)));
        replies.Count(r => r.Status == 201).ShouldBeGreaterThanOrEqualTo(8);
        replies.ShouldAllBe(r => r.Status == 201 || r.Code == "no_doctor_is_free");
        replies.Where(r => r.Status == 201).Select(r => r["doctor_id"]).ShouldBeUnique();
        await Server.ShouldKeepItsInvariants();
    }

    [Theory]
    [InlineData("""{"specialization": "Basti"}""", 422)]
    [InlineData("""{"specialization": " ", "starts_at": "2030-01-01T10:00:00Z"}""", 422)]
    [InlineData("""{"starts_at": "2030-01-01T10:00:00Z"}""", 400)]
    [InlineData("""{"specialization": "Basti", "starts_at": "2030-01-01T10:00:00"}""", 400)]
    [InlineData("""{"specialization": "Basti", "between": {"from": "2030-01-01T10:00:00Z"}}""", 400)]
    [InlineData("""
        {"specialization": "Basti", "between": {"from": "2030-01-02T10:00:00Z", "to": "2030-01-01T10:00:00Z"}}
        """, 422)]
    [InlineData("""
        {"specialization": "B", "starts_at": "2030-01-01T10:00:00Z", "slot_id": "0195c1de-7f3c-7a52-8d6e-2f6a1c1b9f10"}
        """, 422)]
    [InlineData("""
        {"specialization": "B", "starts_at": "2030-01-01T10:00:00Z",
         "between": {"from": "2030-01-01T10:00:00Z", "to": "2030-01-02T10:00:00Z"}}
        """, 422)]
    public async Task A_wish_that_is_not_clear_is_refused(string body, int status) =>
        (await (await Server.User("patient")).Http.Post("/api/bookings", body)).Is(status);

    static Task<Reply> Wish(TestUser patient, string specialization, int number, string? key = null) =>
        patient.Http.Post("/api/bookings", new { specialization, starts_at = At(number) }, key);

    static string At(int number) => Calendar.Start.Plus(Duration.FromMinutes(30) * number).ToString();
}
