using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using static Amrutam.Tests.Support.Calendars.Availability;

namespace Amrutam.Tests.Scheduling.Schedule;

public sealed class ReplaceAvailabilityTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task Slots_are_there_when_the_answer_is_and_up_to_the_horizon()
    {
        var doctor = await Server.Doctor();
        var offered = (await doctor.Offer(Daily("09:00", "12:00", 30, 10), horizon: 3)).Is(200);
        (offered.Header("ETag"), offered["slots_removed"], offered["slots_kept"]).ShouldBe(("\"1\"", "0", "0"));
        (await doctor.TimesOn(Ahead(1))).ShouldBe(["09:00", "09:40", "10:20", "11:00"]);
        (await doctor.TimesOn(Ahead(3))).Count.ShouldBe(4);
        (await doctor.TimesOn(Ahead(4))).ShouldBeEmpty();
        offered.Number("slots_added").ShouldBe(12 + (await doctor.OpenOn(Ahead(0))).Count);
        var read = (await doctor.Http.Get("/api/availability")).Is(200);
        (read.Header("ETag"), read["horizon_days"], read["time_zone"]).ShouldBe(("\"1\"", "3", "Asia/Kolkata"));
        read.Body.GetProperty("rules").ToString().ShouldBe(offered.Body.GetProperty("rules").ToString());
    }

    [Fact]
    public async Task A_replacement_names_the_revision_that_it_replaces()
    {
        var doctor = await Server.Doctor();
        (await doctor.Http.Get("/api/availability")).Is(200).Header("ETag").ShouldBe("\"0\"");
        (await doctor.Offer(Daily("09:00", "10:00"), etag: "\"7\"")).Is(412, "availability_is_stale");
        (await doctor.Offer(Daily("09:00", "10:00"), etag: "\"0\"")).Is(200);
        (await doctor.Offer(Daily("10:00", "11:00"))).Is(428, "availability_needs_if_match");
        (await doctor.Offer(Daily("10:00", "11:00"), etag: "\"0\"")).Is(412, "availability_is_stale");
        (await doctor.Offer(Daily("10:00", "11:00"), etag: "W/\"1\"")).Is(412, "availability_is_stale");
        (await doctor.TimesOn(Ahead(1))).ShouldBe(["09:00", "09:30"]);
        (await doctor.Offer(Daily("10:00", "11:00"), etag: "\"1\"")).Is(200).Header("ETag").ShouldBe("\"2\"");
        (await doctor.Offer(Daily("11:00", "12:00"), etag: "*")).Is(200);
        (await doctor.TimesOn(Ahead(1))).ShouldBe(["11:00", "11:30"]);
    }

    [Fact]
    public async Task Extra_hours_are_a_rule_of_one_date_and_do_not_disturb_the_others()
    {
        var doctor = await Server.Doctor();
        var (date, weekly) = (Ahead(2), Daily("09:00", "10:00"));
        (await doctor.Offer(weekly)).Is(200);
        var extra = new
        {
            weekday = date.DayOfWeek.ToString().ToLowerInvariant(), from = "18:00", to = "19:00", slot_minutes = 30,
            valid_from = Iso(date), valid_to = Iso(date),
        };
        (await doctor.ReplaceRules([.. weekly, extra])).Is(200).Number("slots_added").ShouldBe(2);
        (await doctor.TimesOn(date)).ShouldBe(["09:00", "09:30", "18:00", "18:30"]);
        (await doctor.TimesOn(date.PlusDays(7))).ShouldBe(["09:00", "09:30"]);
    }

    [Fact]
    public async Task A_key_replaces_once()
    {
        var doctor = await Server.Doctor();
        var body = new { rules = Daily("09:00", "10:00"), horizon_days = 3 };
        var first = (await doctor.Http.Send(HttpMethod.Put, "/api/availability", body, "k")).Is(200);
        var again = (await doctor.Http.Send(HttpMethod.Put, "/api/availability", body, "k")).Is(200);
        (again.Text, again.Header("Idempotency-Replayed")).ShouldBe((first.Text, "true"));
        (await doctor.Http.Get("/api/availability")).Header("ETag").ShouldBe("\"1\"");
    }

    [Fact]
    public async Task A_booked_slot_never_changes_and_is_listed_when_it_is_outside_the_rules()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        (await doctor.Offer(Daily("09:00", "11:00"), horizon: 2)).Is(200);
        var booked = (await patient.Book(await doctor.SlotAt(Ahead(1), "10:30"))).Is(201);
        var kept = await doctor.SlotAt(Ahead(1), "09:30");
        var replaced = (await doctor.ReplaceRules(Daily("09:30", "10:00"), horizon: 2)).Is(200);
        replaced.Ids("bookings_outside").ShouldBe([booked.Id]);
        replaced.Number("slots_kept").ShouldBe(3 + (await doctor.OpenOn(Ahead(0))).Count);
        replaced.Number("slots_added").ShouldBe(0);
        (await doctor.SlotAt(Ahead(1), "09:30")).ShouldBe(kept);
        (await doctor.TimesOn(Ahead(1))).ShouldBe(["09:30"]);
        (await patient.Http.Get("/api/bookings/" + booked.Id)).Is(200)["status"].ShouldBe("confirmed");
        (await doctor.ReplaceRules([])).Is(200).Ids("bookings_outside").ShouldBe([booked.Id]);
        (await doctor.OpenOn(Ahead(1))).ShouldBeEmpty();
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task A_booked_slot_that_the_rules_gave_up_is_not_open_when_its_booking_ends()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        (await doctor.Offer(Daily("09:00", "10:00"), horizon: 2)).Is(200);
        var slot = await doctor.SlotAt(Ahead(2), "09:00");
        var booked = (await patient.Book(slot)).Is(201);
        (await doctor.ReplaceRules([], horizon: 2, notice: 30)).Is(200);
        (await patient.Http.Post($"/api/bookings/{booked.Id}/cancellation")).Is(200);
        (await doctor.OpenOn(Ahead(2))).ShouldBeEmpty();
        (await patient.Book(slot)).Is(409, "slot_is_closed");
        (await doctor.ReplaceRules(Daily("09:00", "10:00"), horizon: 2)).Is(200);
        (await patient.Book(slot)).Is(201);
        (await doctor.ReplaceRules([], horizon: 2)).Is(200);
        (await doctor.ReplaceRules(Daily("09:00", "10:00"), horizon: 2)).Is(200);
        (await doctor.TimesOn(Ahead(2))).ShouldBe(["09:30"]);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task Slots_published_by_hand_stand_apart_from_the_rules()
    {
        var doctor = await Server.Doctor();
        var date = Iso(Ahead(2));
        (await doctor.Http.Post("/api/slots", new { date, start_time = "09:15", end_time = "09:45" })).Is(201);
        (await doctor.Offer(Daily("09:00", "10:30"))).Is(200);
        (await doctor.TimesOn(Ahead(2))).ShouldBe(["09:15", "10:00"]);
        (await doctor.Http.Post("/api/slots", new { date, start_time = "10:15", end_time = "10:45" }))
            .Is(409, "slots_of_a_doctor_do_not_overlap");
        (await doctor.ReplaceRules([])).Is(200);
        (await doctor.TimesOn(Ahead(2))).ShouldBe(["09:15"]);
    }

    [Fact]
    public async Task A_slot_closed_by_hand_stays_closed_under_any_rules()
    {
        var doctor = await Server.Doctor();
        (await doctor.Offer(Daily("09:00", "11:00"))).Is(200);
        (await doctor.Http.Delete("/api/slots/" + await doctor.SlotAt(Ahead(1), "09:30"))).Is(204);
        (await doctor.ReplaceRules(Daily("09:00", "12:00"))).Is(200);
        (await doctor.TimesOn(Ahead(1))).ShouldBe(["09:00", "10:00", "10:30", "11:00", "11:30"]);
    }

    [Fact]
    public async Task Rules_that_come_back_bring_back_the_same_slots()
    {
        var doctor = await Server.Doctor();
        (await doctor.Offer(Daily("09:00", "10:00"))).Is(200);
        var before = await doctor.SlotAt(Ahead(1), "09:30");
        (await doctor.ReplaceRules([])).Is(200);
        (await (await Server.User("patient")).Book(before)).Is(409, "slot_is_closed");
        (await doctor.ReplaceRules(Daily("09:00", "10:00"))).Is(200);
        (await doctor.SlotAt(Ahead(1), "09:30")).ShouldBe(before);
    }

    [Fact]
    public async Task A_slot_nearer_than_the_notice_is_neither_listed_nor_booked()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        (await doctor.Offer(Daily("00:00", "24:00"), horizon: 3)).Is(200);
        var slot = await doctor.SlotAt(Ahead(1), "12:00");
        var later = await doctor.SlotAt(Ahead(3), "12:00");
        var replaced = (await doctor.ReplaceRules(Daily("00:00", "24:00"), horizon: 3, notice: 48 * 60)).Is(200);
        (replaced.Number("slots_added"), replaced.Number("slots_removed")).ShouldBe((0, 0));
        (await doctor.TimesOn(Ahead(1))).ShouldBeEmpty();
        (await patient.Book(slot)).Is(422, "minimum_notice");
        var booked = (await patient.Book(later)).Is(201);
        (await patient.Http.Post($"/api/bookings/{booked.Id}/move", new { slot_id = slot })).Is(422, "minimum_notice");
        (await doctor.ReplaceRules(Daily("00:00", "24:00"), horizon: 3)).Is(200);
        (await patient.Book(slot)).Is(201);
    }

    [Fact]
    public async Task Each_change_is_one_event_with_its_count()
    {
        var doctor = await Server.Doctor();
        var first = (await doctor.Offer(Daily("09:00", "10:00"), horizon: 4)).Is(200);
        var second = (await doctor.ReplaceRules(Daily("09:30", "10:30"), horizon: 4)).Is(200);
        (await doctor.ReplaceRules(Daily("09:30", "10:30"), horizon: 4)).Is(200).Number("slots_added").ShouldBe(0);
        var events = await Server.Owner.Statement("""
            select action || ' ' || coalesce(details ->> 'count', details ->> 'revision') from audit.events
             where entity_id = $1 and entity = 'availability' order by position
            """).With(doctor.Id).List(row => row.GetString(0));
        events.ShouldBe([
            "availability.replaced 1", "slots.published " + first["slots_added"],
            "availability.replaced 2", "slots.closed " + second["slots_removed"],
            "slots.published " + second["slots_added"], "availability.replaced 3"]);
    }

    [Fact]
    public async Task A_preview_shows_the_changes_and_makes_none()
    {
        var (doctor, patient) = (await Server.Doctor("America/New_York"), await Server.User("patient"));
        (await doctor.Offer(Daily("09:00", "11:00"), horizon: 5)).Is(200);
        var tomorrow = Ahead(1, "America/New_York");
        var booked = (await patient.Book(await doctor.SlotAt(tomorrow, "10:30"))).Is(201);
        var proposed = new { rules = Daily("00:00", "10:00"), horizon_days = 400 };
        var preview = (await doctor.Http.Post("/api/availability/preview", proposed)).Is(200);
        preview.Ids("bookings_outside").ShouldBe([booked.Id]);
        preview.Body.GetProperty("added").GetArrayLength().ShouldBe(100);
        preview.Body.GetProperty("removed").EnumerateArray()
            .Select(s => s.GetProperty("start_time").GetString()).Distinct()
            .ShouldBe(["10:00", "10:30"], ignoreOrder: true);
        // Within 400 days the clocks of New York go on at least once and back at least once.
        preview.Body.GetProperty("local_times_skipped")[0].GetProperty("from").GetString().ShouldBe("02:00");
        preview.Body.GetProperty("local_times_repeated")[0].GetProperty("to").GetString().ShouldBe("02:00");
        (await doctor.TimesOn(tomorrow)).ShouldBe(["09:00", "09:30", "10:00"]);
        (await doctor.Http.Get("/api/availability")).Is(200)["horizon_days"].ShouldBe("5");
        var replaced = (await doctor.ReplaceRules(proposed.rules, horizon: 400)).Is(200);
        (replaced.Number("slots_added"), replaced.Number("slots_removed"), replaced.Number("slots_kept"))
            .ShouldBe((preview.Number("slots_added"), preview.Number("slots_removed"), preview.Number("slots_kept")));
    }

    [Fact]
    public async Task A_doctor_without_a_profile_and_a_patient_cannot_offer_anything()
    {
        (await (await Server.User("doctor")).Offer(Daily("09:00", "10:00"))).Is(409, "doctor_has_no_profile");
        (await (await Server.User("patient")).Offer(Daily("09:00", "10:00"))).Is(403, "role_may_not");
        (await (await Server.User("doctor")).Http.Get("/api/availability")).Is(409, "doctor_has_no_profile");
    }
}
