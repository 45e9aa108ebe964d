using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using static Amrutam.Tests.Support.Calendars.Availability;

namespace Amrutam.Tests.Scheduling.TimeOff;

public sealed class TimeOffTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task Dates_are_whole_days_of_the_doctor_and_come_back_when_it_is_withdrawn()
    {
        var doctor = await Server.Doctor();
        (await doctor.Offer(Daily("00:00", "24:00", 720))).Is(200);
        var before = (await doctor.OpenOn(Ahead(2))).ConvertAll(s => s.GetProperty("id").GetGuid());
        var off = (await doctor.Leave(Iso(Ahead(2)), Iso(Ahead(3)))).Is(201);
        off["from"].ShouldBe(Iso(Ahead(1)) + "T18:30:00Z");
        off["to"].ShouldBe(Iso(Ahead(3)) + "T18:30:00Z");
        off.Number("slots_closed").ShouldBe(4);
        (await doctor.OpenOn(Ahead(1))).Count.ShouldBe(2);
        (await doctor.OpenOn(Ahead(2))).ShouldBeEmpty();
        (await doctor.OpenOn(Ahead(3))).ShouldBeEmpty();
        (await doctor.OpenOn(Ahead(4))).Count.ShouldBe(2);
        (await doctor.Http.Get("/api/availability/time-off")).Is(200).Ids("items").ShouldBe([off.Id]);

        (await doctor.ReplaceRules(Daily("00:00", "24:00", 720))).Is(200).Number("slots_added").ShouldBe(0);
        (await (await Server.Doctor()).Http.Delete("/api/availability/time-off/" + off.Id)).Is(404);
        (await doctor.Http.Delete("/api/availability/time-off/" + off.Id)).Is(204);
        (await doctor.Http.Delete("/api/availability/time-off/" + off.Id)).Is(404);
        (await doctor.OpenOn(Ahead(2))).ConvertAll(s => s.GetProperty("id").GetGuid()).ShouldBe(before);
        (await doctor.Http.Get("/api/availability/time-off")).Is(200).Ids("items").ShouldBeEmpty();
    }

    [Fact]
    public async Task Instants_close_every_slot_they_meet_and_those_published_by_hand()
    {
        var doctor = await Server.Doctor("UTC");
        (await doctor.Offer(Daily("09:00", "11:00"))).Is(200);
        var date = Iso(Ahead(2, "UTC"));
        (await doctor.Http.Post("/api/slots", new { date, start_time = "11:00", end_time = "11:20" })).Is(201);
        var off = (await doctor.Leave(date + "T09:45:00Z", date + "T16:40:00+05:30")).Is(201);
        (await doctor.TimesOn(Ahead(2, "UTC"))).ShouldBe(["09:00"]);
        (await doctor.Http.Post("/api/slots", new { date, start_time = "11:00", end_time = "11:15" }))
            .Is(409, "slot_is_in_time_off");
        (await doctor.Http.Delete("/api/availability/time-off/" + off.Id)).Is(204);
        (await doctor.TimesOn(Ahead(2, "UTC"))).ShouldBe(["09:00", "09:30", "10:00", "10:30", "11:00"]);
    }

    [Fact]
    public async Task Bookings_in_the_way_refuse_it_with_their_list_and_nothing_changes()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        (await doctor.Offer(Daily("09:00", "11:00"))).Is(200);
        var booked = (await patient.Book(await doctor.SlotAt(Ahead(2), "10:00"))).Is(201);
        var refused = (await doctor.Leave(Iso(Ahead(2)), Iso(Ahead(2)))).Is(409, "bookings_in_the_way");
        refused.Ids("bookings").ShouldBe([booked.Id]);
        refused.Text.ShouldNotContain(patient.Id.ToString());
        (await doctor.TimesOn(Ahead(2))).ShouldBe(["09:00", "09:30", "10:30"]);
        (await doctor.Http.Get("/api/availability/time-off")).Is(200).Ids("items").ShouldBeEmpty();
    }

    [Fact]
    public async Task Of_many_bookings_in_the_way_the_first_hundred_are_listed_and_all_are_counted()
    {
        const int all = 103, shown = 100;
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        (await doctor.Offer(Daily("09:00", "18:00", 5))).Is(200);
        var slots = (await doctor.OpenOn(Ahead(2))).Concat(await doctor.OpenOn(Ahead(3)))
            .Select(s => s.GetProperty("id").GetGuid()).ToList();
        var booked = new List<Guid>();
        foreach (var slot in slots.Take(all)) booked.Add((await patient.Book(slot)).Is(201).Id);
        var refused = (await doctor.Leave(Iso(Ahead(2)), Iso(Ahead(3)))).Is(409, "bookings_in_the_way");
        refused.Ids("bookings").ShouldBe(booked.Take(shown));
        refused["detail"].ShouldContain($"{all}");
    }

    [Fact]
    public async Task Bookings_are_cancelled_by_the_doctor_and_the_event_offers_the_nearest_slots()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        (await doctor.Offer(Daily("09:00", "10:00"))).Is(200);
        var booked = (await patient.Book(await doctor.SlotAt(Ahead(3), "09:00"))).Is(201);
        var nearest = new[] { (4, "09:00"), (2, "09:00"), (2, "09:30") };
        var off = (await doctor.Leave(Iso(Ahead(3)), Iso(Ahead(3)), "cancel")).Is(201);
        off.Ids("bookings_cancelled").ShouldBe([booked.Id]);
        off.Number("slots_closed").ShouldBe(2);
        var cancelled = (await patient.Http.Get("/api/bookings/" + booked.Id)).Is(200);
        (cancelled["status"], cancelled["cancelled_by"], cancelled["revision"]).ShouldBe(("cancelled", "doctor", "1"));
        var offered = await Server.Owner.Statement("""
            select jsonb_array_elements_text(details -> 'nearest_slot_ids')::uuid from audit.events
             where entity_id = $1 and action = 'bookings.cancelled' and details ->> 'time_off_id' = $2::text
            """).With(booked.Id).With(off.Id).List(row => row.GetGuid(0));
        var expected = new List<Guid>();
        foreach (var (day, time) in nearest) expected.Add(await doctor.SlotAt(Ahead(day), time));
        offered.ShouldBe(expected, ignoreOrder: true);
        (await doctor.OpenOn(Ahead(3))).ShouldBeEmpty();
        (await patient.Book(booked.Body.GetProperty("slot_id").GetGuid())).Is(409, "slot_is_closed");
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task Bookings_move_to_the_next_later_slots_and_never_to_an_earlier_one()
    {
        var doctor = await Server.Doctor();
        var (one, two) = (await Server.User("patient"), await Server.User("patient"));
        (await doctor.Offer(Daily("09:00", "10:00"))).Is(200);
        var first = (await one.Book(await doctor.SlotAt(Ahead(3), "09:00"))).Is(201);
        var second = (await two.Book(await doctor.SlotAt(Ahead(3), "09:30"))).Is(201);
        // Open and much nearer than the later one.
        await doctor.SlotAt(Ahead(2), "09:30");
        (await doctor.Http.Delete("/api/slots/" + await doctor.SlotAt(Ahead(4), "09:00"))).Is(204);
        var (next, afterIt) = (await doctor.SlotAt(Ahead(4), "09:30"), await doctor.SlotAt(Ahead(5), "09:00"));
        var off = (await doctor.Leave(Iso(Ahead(3)), Iso(Ahead(3)), "move", reason: "A congress")).Is(201);
        off.Ids("bookings_moved").ShouldBe([first.Id, second.Id]);
        var named = off.Body.GetProperty("bookings_moved")[0];
        var moved = (await one.Http.Get("/api/bookings/" + first.Id)).Is(200);
        (await two.Http.Get("/api/bookings/" + second.Id)).Is(200)["slot_id"].ShouldBe($"{afterIt}");
        (moved["slot_id"], moved["revision"]).ShouldBe(($"{next}", "1"));
        foreach (var (member, expected) in new[]
        {
            ("slot_id", first["slot_id"]), ("starts_at", first["starts_at"]), ("ends_at", first["ends_at"]),
            ("to_slot_id", $"{next}"), ("to_starts_at", moved["starts_at"]), ("to_ends_at", moved["ends_at"]),
        }) named.GetProperty(member).GetString().ShouldBe(expected, member);
        (await one.Http.Get($"/api/bookings/{first.Id}/history")).Is(200).All("reason").ShouldBe(["", "A congress"]);
        (await doctor.OpenOn(Ahead(3))).ShouldBeEmpty();
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task A_booking_moves_within_its_day_before_it_moves_to_the_next()
    {
        var (doctor, patient) = (await Server.Doctor("UTC"), await Server.User("patient"));
        (await doctor.Offer(Daily("09:00", "12:00"))).Is(200);
        var day = Ahead(3, "UTC");
        var booked = (await patient.Book(await doctor.SlotAt(day, "10:00"))).Is(201);
        var sameDay = await doctor.SlotAt(day, "11:00");
        (await doctor.Leave(Iso(day) + "T09:45:00Z", Iso(day) + "T10:45:00Z", "move")).Is(201);
        (await patient.Http.Get("/api/bookings/" + booked.Id)).Is(200)["slot_id"].ShouldBe($"{sameDay}");
    }

    [Fact]
    public async Task A_booking_without_a_later_slot_stays_in_the_way()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        (await doctor.Offer(Daily("09:00", "10:00"), horizon: 3)).Is(200);
        var booked = (await patient.Book(await doctor.SlotAt(Ahead(3), "09:30"))).Is(201);
        (await doctor.Leave(Iso(Ahead(3)), Iso(Ahead(3)), "move")).Is(409, "no_equal_slot_is_open")
            .Ids("bookings").ShouldBe([booked.Id]);
        (await patient.Http.Get("/api/bookings/" + booked.Id)).Is(200)["revision"].ShouldBe("0");
    }

    [Fact]
    public async Task The_patient_reads_why_the_booking_was_cancelled_and_the_doctor_reads_the_reason_again()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        (await doctor.Offer(Daily("09:00", "10:00"))).Is(200);
        var booked = (await patient.Book(await doctor.SlotAt(Ahead(3), "09:00"))).Is(201);
        (await doctor.Leave(Iso(Ahead(3)), Iso(Ahead(3)), "cancel", reason: new string('x', 501)))
            .Is(422, "invalid_fields");
        var off = (await doctor.Leave(Iso(Ahead(3)), Iso(Ahead(3)), "cancel", reason: " A congress ")).Is(201);
        off["reason"].ShouldBe("A congress");
        (await patient.Http.Get("/api/bookings/" + booked.Id)).Is(200)["cancellation_reason"].ShouldBe("A congress");
        (await doctor.Http.Get("/api/availability/time-off/" + off.Id)).Is(200)["reason"].ShouldBe("A congress");
        (await doctor.Http.Get("/api/availability/time-off")).Is(200).All("reason").ShouldBe(["A congress"]);
    }

    [Fact]
    public async Task Bookings_move_all_or_none()
    {
        var (doctor, other) = (await Server.Doctor(), await Server.Doctor());
        var (one, two) = (await Server.User("patient"), await Server.User("patient"));
        (await doctor.Offer(Daily("09:00", "09:30"), horizon: 2)).Is(200);
        var first = (await one.Book(await doctor.SlotAt(Ahead(1), "09:00"))).Is(201);
        // The patient has another booking at the time of the only open slot.
        (await other.Offer(Daily("09:00", "09:30"), horizon: 2)).Is(200);
        (await one.Book(await other.SlotAt(Ahead(2), "09:00"))).Is(201);
        foreach (var slot in await doctor.OpenOn(Ahead(0)))
            (await doctor.Http.Delete("/api/slots/" + slot.GetProperty("id"))).Is(204);
        var refused = (await doctor.Leave(Iso(Ahead(1)), Iso(Ahead(1)), "move")).Is(409, "no_equal_slot_is_open");
        refused.Ids("bookings").ShouldBe([first.Id]);
        (await one.Http.Get("/api/bookings/" + first.Id)).Is(200)["revision"].ShouldBe("0");
        (await two.Book(await doctor.SlotAt(Ahead(2), "09:00"))).Is(201);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task A_key_takes_time_off_once()
    {
        var doctor = await Server.Doctor();
        var first = (await doctor.Leave("2031-01-01", "2031-01-02", key: "leave")).Is(201);
        var again = (await doctor.Leave("2031-01-01", "2031-01-02", key: "leave")).Is(201);
        (again.Text, again.Header("Idempotency-Replayed")).ShouldBe((first.Text, "true"));
        (await doctor.Leave("2031-01-01", "2031-01-03", key: "leave")).Is(422, "idempotency_key_reused");
        (await doctor.Http.Get("/api/availability/time-off")).Is(200).Ids("items").Count.ShouldBe(1);
    }

    [Fact]
    public async Task Rules_changed_during_time_off_hold_when_it_is_withdrawn()
    {
        var doctor = await Server.Doctor();
        (await doctor.Offer(Daily("09:00", "10:00"))).Is(200);
        var off = (await doctor.Leave(Iso(Ahead(2)), Iso(Ahead(2)))).Is(201);
        (await doctor.ReplaceRules(Daily("09:30", "10:30"))).Is(200);
        (await doctor.TimesOn(Ahead(2))).ShouldBeEmpty();
        (await doctor.Http.Delete("/api/availability/time-off/" + off.Id)).Is(204);
        (await doctor.TimesOn(Ahead(2))).ShouldBe(["09:30", "10:00"]);
    }
}
