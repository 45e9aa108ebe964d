using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using NodaTime;
using static Amrutam.Tests.Support.Waiting;

namespace Amrutam.Tests.Scheduling.Waitlist;

public sealed class WaitlistTests(UnsweptServerFixture fixture, TestCluster cluster)
    : IClassFixture<UnsweptServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task A_freed_slot_is_offered_to_the_first_in_line_and_to_nobody_else()
    {
        var (doctor, slot, holder, booking) = await Taken("Kayachikitsa");
        var (first, second) = (await Server.User("patient"), await Server.User("patient"));
        var entry = (await Join(first, new { doctor_id = doctor.Id, to = Far })).Is(201);
        (entry["status"], entry["offer"]).ShouldBe(("waiting", ""));
        (await Join(second, new { specialization = "kayachikitsa", to = Far })).Is(201);
        (await holder.Http.Post($"/api/bookings/{booking}/cancellation")).Is(200);
        var offered = Entry(await first.Http.Get("/api/waitlist"));
        offered.GetProperty("status").GetString().ShouldBe("offered");
        offered.GetProperty("offer").GetProperty("slot_id").GetGuid().ShouldBe(slot);
        (await second.Book(slot)).Is(409, "slot_is_held");
        (await holder.Book(slot)).Is(409, "slot_is_held");
        (await second.Http.Post($"/api/waitlist/{entry.Id}/acceptance")).Is(404);
        var booked = (await first.Http.Post($"/api/waitlist/{entry.Id}/acceptance", new { reason = "Knee" }, "a"))
            .Is(200);
        (booked["slot_id"], booked["status"], booked["reason"]).ShouldBe((slot.ToString(), "confirmed", "Knee"));
        (await first.Http.Post($"/api/waitlist/{entry.Id}/acceptance", new { reason = "Knee" }, "a")).Is(200)
            .Text.ShouldBe(booked.Text);
        (await first.Http.Post($"/api/waitlist/{entry.Id}/acceptance")).Is(409, "offer_is_over");
        Entry(await first.Http.Get("/api/waitlist")).GetProperty("status").GetString().ShouldBe("accepted");
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task An_offer_that_expires_is_passed_on_and_not_made_again()
    {
        var (doctor, slot, holder, booking) = await Taken();
        var (first, second) = (await Server.User("patient"), await Server.User("patient"));
        var one = (await Join(first, new { doctor_id = doctor.Id, to = Far })).Is(201);
        var two = (await Join(second, new { doctor_id = doctor.Id, to = Far })).Is(201);
        (await holder.Http.Post($"/api/bookings/{booking}/cancellation")).Is(200);
        await Server.EndHold(slot);
        (await first.Http.Post($"/api/waitlist/{one.Id}/acceptance")).Is(409, "offer_is_over");
        Entry(await first.Http.Get("/api/waitlist")).GetProperty("status").GetString().ShouldBe("waiting");
        await Server.PassOn();
        (await first.Book(slot)).Is(409, "slot_is_held");
        Entry(await second.Http.Get("/api/waitlist")).GetProperty("status").GetString().ShouldBe("offered");
        (await second.Http.Post($"/api/waitlist/{two.Id}/decline")).Is(200)["status"].ShouldBe("waiting");
        await Server.PassOn();
        foreach (var patient in new[] { first, second })
            Entry(await patient.Http.Get("/api/waitlist")).GetProperty("status").GetString().ShouldBe("waiting");
        (await holder.Book(slot)).Is(201);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task The_holder_of_an_offer_may_simply_book_it()
    {
        var (doctor, slot, holder, booking) = await Taken();
        var patient = await Server.User("patient");
        (await Join(patient, new { doctor_id = doctor.Id, to = Far })).Is(201);
        (await holder.Http.Post($"/api/bookings/{booking}/cancellation")).Is(200);
        (await patient.Book(slot)).Is(201);
        await Server.PassOn();
        Entry(await patient.Http.Get("/api/waitlist")).GetProperty("status").GetString().ShouldBe("accepted");
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task Move_me_earlier_keeps_the_booking_until_the_offer_is_accepted()
    {
        var (doctor, early, holder, booking) = await Taken();
        var (patient, late) = (await Server.User("patient"), await doctor.Slot(9));
        var kept = (await patient.Book(late)).Is(201);
        var entry = (await Join(patient, new { booking_id = kept.Id })).Is(201);
        (entry["booking_id"], entry["to"]).ShouldBe((kept.Id.ToString(), kept["starts_at"]));
        await doctor.Slot(10);
        (await holder.Http.Post($"/api/bookings/{booking}/cancellation")).Is(200);
        Entry(await patient.Http.Get("/api/waitlist")).GetProperty("offer").GetProperty("slot_id").GetGuid()
            .ShouldBe(early);
        (await patient.Http.Get($"/api/bookings/{kept.Id}"))["slot_id"].ShouldBe(late.ToString());
        var moved = (await patient.Http.Post($"/api/waitlist/{entry.Id}/acceptance")).Is(200);
        (moved.Id, moved["slot_id"], moved["revision"]).ShouldBe((kept.Id, early.ToString(), "1"));
        (await holder.Book(late)).Is(201);
        (await Join(holder, new { booking_id = kept.Id })).Is(404);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task A_slot_that_is_free_already_is_offered_at_once_and_leaving_gives_it_back()
    {
        var (doctor, patient, other) = (await Server.Doctor(), await Server.User("patient"),
            await Server.User("patient"));
        var slot = await doctor.Slot(30);
        var entry = (await Join(patient, new { doctor_id = doctor.Id, from = At(29), to = At(31) })).Is(201);
        entry.Body.GetProperty("offer").GetProperty("slot_id").GetGuid().ShouldBe(slot);
        (await other.Http.Delete($"/api/waitlist/{entry.Id}")).Is(404);
        (await patient.Http.Delete($"/api/waitlist/{entry.Id}")).Is(204);
        (await patient.Http.Delete($"/api/waitlist/{entry.Id}")).Is(409, "waitlist_entry_is_over");
        (await other.Book(slot)).Is(201);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task An_offer_passes_to_the_next_when_its_patient_leaves()
    {
        var (doctor, slot, holder, booking) = await Taken();
        var (first, second) = (await Server.User("patient"), await Server.User("patient"));
        var entry = (await Join(first, new { doctor_id = doctor.Id, to = Far })).Is(201);
        (await Join(second, new { doctor_id = doctor.Id, to = Far })).Is(201);
        (await holder.Http.Post($"/api/bookings/{booking}/cancellation")).Is(200);
        (await first.Http.Delete($"/api/waitlist/{entry.Id}")).Is(204);
        Entry(await second.Http.Get("/api/waitlist")).GetProperty("offer").GetProperty("slot_id").GetGuid()
            .ShouldBe(slot);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task Nobody_is_offered_a_time_at_which_they_cannot_come_or_did_not_ask_for()
    {
        var (doctor, slot, holder, booking) = await Taken();
        var (busy, later, third) = (await Server.User("patient"), await Server.User("patient"),
            await Server.User("patient"));
        (await busy.Book(await (await Server.Doctor()).Slot(0))).Is(201);
        (await Join(busy, new { doctor_id = doctor.Id, to = Far })).Is(201);
        (await Join(later, new { doctor_id = doctor.Id, from = At(1), to = Far })).Is(201);
        (await Join(third, new { doctor_id = doctor.Id, to = Far })).Is(201);
        (await holder.Http.Post($"/api/bookings/{booking}/cancellation")).Is(200);
        Entry(await third.Http.Get("/api/waitlist")).GetProperty("offer").GetProperty("slot_id").GetGuid()
            .ShouldBe(slot);
        foreach (var patient in new[] { busy, later })
            Entry(await patient.Http.Get("/api/waitlist")).GetProperty("status").GetString().ShouldBe("waiting");
    }

    [Fact]
    public async Task Many_slots_freed_at_once_go_to_as_many_patients_each_to_one()
    {
        var doctor = await Server.Doctor(specialization: "Shalakya");
        var holders = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => Server.User("patient")));
        var bookings = new List<(TestUser, Guid)>();
        foreach (var (i, holder) in holders.Index())
            bookings.Add((holder, (await holder.Book(await doctor.Slot(i))).Is(201).Id));
        var line = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Server.User("patient")));
        foreach (var patient in line) (await Join(patient, new { specialization = "Shalakya", to = Far })).Is(201);
        var freed = await Task.WhenAll(bookings.Select(b =>
            b.Item1.Http.Post($"/api/bookings/{b.Item2}/cancellation")));
        freed.ShouldAllBe(r => r.Status == 200);
        await Server.PassOn();
        var offers = new List<Guid>();
        foreach (var patient in line)
            offers.Add(Entry(await patient.Http.Get("/api/waitlist")).GetProperty("offer").GetProperty("slot_id")
                .GetGuid());
        offers.ShouldBeUnique();
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task Accepting_against_expiry_has_one_winner()
    {
        for (var i = 0; i < 10; i++)
        {
            var (doctor, slot, holder, booking) = await Taken();
            var (patient, other) = (await Server.User("patient"), await Server.User("patient"));
            var entry = (await Join(patient, new { doctor_id = doctor.Id, to = Far })).Is(201);
            (await holder.Http.Post($"/api/bookings/{booking}/cancellation")).Is(200);
            await Server.Owner.Statement(
                "update scheduling.slots set held_until = clock_timestamp() + interval '10 milliseconds' where id = $1")
                .With(slot).Execute();
            await Pause(i);
            var replies = await Task.WhenAll(patient.Http.Post($"/api/waitlist/{entry.Id}/acceptance"),
                other.Book(slot));
            (replies[0].Status, replies[1].Status).ShouldBeOneOf((200, 409), (409, 201), (409, 409));
        }
        await Server.EndHolds();
        await Server.PassOn();
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task A_patient_stands_once_in_a_line_unless_for_other_times()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var twice = await Task.WhenAll(Join(patient, new { doctor_id = doctor.Id, from = At(0), to = At(10) }),
            Join(patient, new { doctor_id = doctor.Id, from = At(9), to = At(20) }));
        twice.Select(r => r.Status).Order().ShouldBe([201, 409]);
        twice.Single(r => r.Status == 409).Is(409, "already_in_this_line");
        (await Join(patient, new { doctor_id = doctor.Id, from = At(30), to = At(40) })).Is(201);
        (await Join(patient, new { doctor_id = (await Server.Doctor()).Id, to = At(40) })).Is(201);
    }

    [Fact]
    public async Task A_place_in_line_is_where_its_location_says()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var entry = (await Join(patient, new { doctor_id = doctor.Id, to = Far })).Is(201);
        (await patient.Http.Get(entry.Header("Location")!)).Is(200).Text.ShouldBe(entry.Text);
        (await (await Server.User("patient")).Http.Get(entry.Header("Location")!)).Is(404);
    }

    [Fact]
    public async Task A_patient_stands_in_a_few_lines()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase(),
            "--Limits:WaitlistEntriesPerPatient=1");
        var (doctor, patient) = (await server.Doctor(), await server.User("patient"));
        var entry = (await Join(patient, new { doctor_id = doctor.Id, to = Far })).Is(201);
        (await Join(patient, new { specialization = "Netra", to = Far })).Is(422, "too_many_waitlist_entries");
        (await patient.Http.Delete($"/api/waitlist/{entry.Id}")).Is(204);
        (await Join(patient, new { specialization = "Netra", to = Far })).Is(201);
    }

    [Theory]
    [InlineData("""{"specialization": "X"}""", 422)]
    [InlineData("""{"to": "2040-01-01T10:00:00Z"}""", 422)]
    [InlineData("""{"specialization": "X", "to": "2020-01-01T10:00:00Z"}""", 422)]
    [InlineData("""{"specialization": "X", "from": "2029-01-02T10:00:00Z", "to": "2029-01-02T10:00:00Z"}""", 422)]
    [InlineData("""{"specialization": "X", "from": "2029-01-02T10:00:00Z", "to": "2030-01-02T10:00:00Z"}""", 422)]
    [InlineData("""{"doctor_id": "0195c1de-7f3c-7a52-8d6e-2f6a1c1b9f10", "to": "2040-01-01T10:00:00Z"}""", 404)]
    [InlineData("""{"booking_id": "0195c1de-7f3c-7a52-8d6e-2f6a1c1b9f10"}""", 404)]
    [InlineData("""{"specialization": "X", "to": "2040-01-01T10:00:00"}""", 400)]
    public async Task A_place_in_no_line_is_refused(string body, int status) =>
        (await (await Server.User("patient")).Http.Post("/api/waitlist", body)).Is(status);

    /// <summary>A booked slot. Its specialization keeps it from the waiting patients of other tests.</summary>
    async Task<(TestUser Doctor, Guid Slot, TestUser Holder, Guid Booking)> Taken(string field = "Ayurveda")
    {
        var (doctor, holder) = (await Server.Doctor(specialization: field), await Server.User("patient"));
        var slot = await doctor.Slot(0);
        return (doctor, slot, holder, (await holder.Book(slot)).Is(201).Id);
    }

    static Task<Reply> Join(TestUser patient, object wish) => patient.Http.Post("/api/waitlist", wish);

    static JsonElement Entry(Reply list) => list.Is(200).Items.First();

    static string At(int number) => Calendar.Start.Plus(Duration.FromMinutes(30) * number).ToString();

    static string Far => Calendar.Start.Plus(Duration.FromDays(100)).ToString();
}
