using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Scheduling.Bookings.Steps;

public sealed class ChangeBookingTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task A_cancelled_slot_is_open_again()
    {
        var (doctor, patient, next) = (await Server.Doctor(), await Server.User("patient"),
            await Server.User("patient"));
        var slot = await doctor.Slot();
        var booked = await patient.Book(slot);
        var cancelled = (await patient.Http.Post($"/api/bookings/{booked.Id}/cancellation",
            new { reason = "Travelling" }, "c-1")).Is(200);
        (cancelled["status"], cancelled["cancelled_by"], cancelled["cancellation_reason"], cancelled["revision"])
            .ShouldBe(("cancelled", "patient", "Travelling", "1"));
        (await next.Book(slot)).Is(201);
        (await patient.Http.Post($"/api/bookings/{booked.Id}/cancellation", new { reason = "Travelling" }, "c-1"))
            .Is(200).Text.ShouldBe(cancelled.Text);
        (await patient.Http.Post($"/api/bookings/{booked.Id}/cancellation")).Is(409, "step_not_allowed");
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task A_move_keeps_the_id_and_frees_the_old_slot()
    {
        var (doctor, patient, other) = (await Server.Doctor(), await Server.User("patient"),
            await Server.User("patient"));
        var (from, to, taken) = (await doctor.Slot(0), await doctor.Slot(1), await doctor.Slot(2));
        var booked = await patient.Book(from);
        (await other.Book(taken)).Is(201);
        (await patient.Http.Post($"/api/bookings/{booked.Id}/move", new { slot_id = taken }))
            .Is(409, "one_active_booking_per_slot");
        (await patient.Http.Post($"/api/bookings/{booked.Id}/move", new { slot_id = Guid.CreateVersion7() })).Is(404);
        var moved = (await patient.Http.Post($"/api/bookings/{booked.Id}/move", new { slot_id = to })).Is(200);
        (moved.Id, moved["slot_id"], moved["status"]).ShouldBe((booked.Id, to.ToString(), "confirmed"));
        (await other.Http.Post("/api/bookings", new { slot_id = from })).Is(201);
        (await (await Server.User("patient")).Book(to)).Is(409, "one_active_booking_per_slot");
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task A_move_to_where_the_booking_is_changes_nothing()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var booked = await patient.Book(await doctor.Slot(0));
        var again = await patient.Http.Post($"/api/bookings/{booked.Id}/move", new { slot_id = booked["slot_id"] });
        (again.Is(200)["revision"], again["slot_id"]).ShouldBe(("0", booked["slot_id"]));
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task A_move_may_overlap_the_booking_itself_but_no_other()
    {
        var (one, two, patient) = (await Server.Doctor(), await Server.Doctor(), await Server.User("patient"));
        var booked = await patient.Book(await one.Slot(0));
        (await patient.Book(await one.Slot(5))).Is(201);
        (await patient.Http.Post($"/api/bookings/{booked.Id}/move",
            new { slot_id = await two.Slot(0), to_other_doctor = true })).Is(200);
        (await patient.Http.Post($"/api/bookings/{booked.Id}/move", new { slot_id = await two.Slot(5) }))
            .Is(409, "bookings_of_a_patient_do_not_overlap");
    }

    [Fact]
    public async Task A_booking_moves_to_another_doctor_only_when_that_is_asked_for()
    {
        var (one, two, patient) = (await Server.Doctor(), await Server.Doctor(), await Server.User("patient"));
        var booked = (await patient.Book(await one.Slot(0), reason: "Private")).Is(201);
        var path = "/api/bookings/" + booked.Id;
        var elsewhere = await two.Slot(3);
        (await patient.Http.Post(path + "/move", new { slot_id = elsewhere })).Is(422, "slot_is_of_another_doctor");
        (await patient.Http.Get(path)).Is(200)["revision"].ShouldBe("0");
        var moved = (await patient.Http.Post(path + "/move", new { slot_id = elsewhere, to_other_doctor = true }))
            .Is(200);
        (moved["doctor_id"], moved["reason"], moved.Header("ETag")).ShouldBe((two.Id.ToString(), "Private", "\"1\""));
        (await two.Http.Get(path)).Is(200)["reason"].ShouldBe("Private", "the patient took the reason along");
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task The_former_doctor_keeps_a_record_of_the_visit_without_the_private_reason()
    {
        var (one, two, patient) = (await Server.Doctor(), await Server.Doctor(), await Server.User("patient"));
        var (first, second) = (await one.Slot(0), await one.Slot(1));
        var booked = (await patient.Book(first, reason: "Private")).Is(201);
        var path = "/api/bookings/" + booked.Id;
        (await patient.Http.Post(path + "/move", new { slot_id = second, reason = "Also private" })).Is(200);
        (await patient.Http.Post(path + "/move",
            new { slot_id = await two.Slot(3), to_other_doctor = true, reason = "Private too" })).Is(200);
        (await two.Http.Post(path + "/cancellation", new { reason = "Not for the first doctor" })).Is(200);

        var record = (await one.Http.Get(path)).Is(200);
        (record["status"], record["slot_id"], record["doctor_id"], record["reason"], record["cancellation_reason"])
            .ShouldBe(("moved", second.ToString(), one.Id.ToString(), "", ""));
        (record["created_at"], record.Header("ETag")).ShouldBe((booked["created_at"], "\"2\""));
        var history = (await one.Http.Get(path + "/history")).Is(200);
        history.All("action").ShouldBe(["booked", "moved", "moved"]);
        history.All("reason").ShouldAllBe(reason => reason == "");
        (await one.Http.Get("/api/bookings")).Is(200).All("status").ShouldBe(["moved"]);
        (await one.Http.Get("/api/bookings?status=moved&sort=starts_at")).Is(200).Ids().ShouldBe([booked.Id]);
        (await one.Http.Post(path + "/cancellation")).Is(404);
        (await patient.Http.Get("/api/bookings?status=moved")).Is(200).Ids().ShouldBeEmpty();
        (await (await Server.Doctor()).Http.Get(path)).Is(404);
        (await patient.Http.Get("/api/me/export")).Is(200).Body.GetProperty("moved_bookings").GetArrayLength()
            .ShouldBe(1);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task Staff_who_move_a_booking_to_another_doctor_do_not_take_the_reason_along()
    {
        var (one, two, patient) = (await Server.Doctor(), await Server.Doctor(), await Server.User("patient"));
        var path = "/api/bookings/" + (await patient.Book(await one.Slot(0), reason: "Private")).Is(201).Id;
        (await (await Server.User("admin")).Http.Post(path + "/move",
            new { slot_id = await two.Slot(3), to_other_doctor = true, reason = "The doctor is ill" })).Is(200);
        (await two.Http.Get(path)).Is(200)["reason"].ShouldBe("");
        (await two.Http.Get(path + "/history")).Is(200).All("reason").ShouldBe(["", "The doctor is ill"]);
    }

    [Fact]
    public async Task Bookings_are_listed_soonest_first_when_that_is_asked_for()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var ids = new List<Guid>();
        foreach (var number in new[] { 2, 0, 4 }) ids.Add((await patient.Book(await doctor.Slot(number))).Is(201).Id);
        Guid[] soonest = [ids[1], ids[0], ids[2]];
        foreach (var reader in new[] { patient, doctor })
        {
            var page = (await reader.Http.Get("/api/bookings?sort=starts_at&limit=2")).Is(200);
            page.Ids().ShouldBe(soonest[..2]);
            (await reader.Http.Get("/api/bookings?sort=starts_at&limit=2&cursor=" + page["next_cursor"])).Is(200)
                .Ids().ShouldBe(soonest[2..]);
            (await reader.Http.Get("/api/bookings?sort=-starts_at")).Is(200).Ids().ShouldBe(soonest.Reverse());
            (await reader.Http.Get("/api/bookings")).Is(200).Ids().ShouldBe(soonest.Reverse());
        }
        (await patient.Http.Get("/api/bookings?sort=id")).Is(422, "invalid_fields");
        (await patient.Http.Get("/api/bookings?from=2030-01-07")).Is(400, "malformed_request")["detail"]
            .ShouldBe("from must be an RFC 3339 date-time with an offset, as 2026-11-22T09:30:00Z");
        (await doctor.Http.Get("/api/slots?from=2030-01-07T00:00:00Z")).Is(400, "malformed_request")["detail"]
            .ShouldBe("from must be a date that exists, as 2026-11-22");
    }

    [Fact]
    public async Task A_booking_and_each_of_its_steps_carry_the_ETag_of_the_booking()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var slot = await doctor.Slot(0);
        var booked = (await patient.Book(slot, key: "etag")).Is(201);
        booked.Header("ETag").ShouldBe("\"0\"");
        (await patient.Book(slot, key: "etag")).Is(201).Header("ETag").ShouldBeNull("a replay does not know it");
        (await patient.Http.Send(HttpMethod.Post, $"/api/bookings/{booked.Id}/cancellation",
            headers: ("If-Match", booked.Header("ETag")!))).Is(200).Header("ETag").ShouldBe("\"1\"");
    }

    [Fact]
    public async Task Only_the_doctor_completes_a_booking_and_only_after_its_start()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var booked = await patient.Book(await doctor.Slot());
        var path = $"/api/bookings/{booked.Id}";
        (await patient.Http.Post(path + "/completion")).Is(403);
        (await doctor.Http.Post(path + "/completion")).Is(422, "booking_has_not_started");
        (await doctor.Http.Post(path + "/no-show", new { party = "patient" })).Is(422, "booking_has_not_started");
        await Server.Begin(booked.Id);
        (await patient.Http.Post(path + "/cancellation")).Is(422, "booking_has_started");
        (await (await Server.Doctor()).Http.Post(path + "/completion")).Is(404);
        (await doctor.Http.Post(path + "/completion")).Is(200)["status"].ShouldBe("completed");
        (await doctor.Http.Post(path + "/no-show", new { party = "patient" })).Is(409, "step_not_allowed");
    }

    [Fact]
    public async Task A_no_show_names_the_party()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var booked = await patient.Book(await doctor.Slot());
        await Server.Begin(booked.Id);
        (await doctor.Http.Post($"/api/bookings/{booked.Id}/no-show", new { party = "nobody" })).Is(422);
        var missed = (await doctor.Http.Post($"/api/bookings/{booked.Id}/no-show", new { party = "patient" }))
            .Is(200);
        (missed["status"], missed["no_show_party"]).ShouldBe(("no_show", "patient"));
    }

    [Fact]
    public async Task Lists_show_ones_own_latest_first()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var made = new List<Guid>();
        for (var i = 0; i < 3; i++) made.Insert(0, (await patient.Book(await doctor.Slot(i))).Id);
        foreach (var user in new[] { doctor, patient })
        {
            var page = (await user.Http.Get("/api/bookings?limit=2")).Is(200);
            var rest = (await user.Http.Get("/api/bookings?limit=2&cursor=" + page["next_cursor"])).Is(200);
            page.Ids().Concat(rest.Ids()).ShouldBe(made);
        }
        (await (await Server.User("patient")).Http.Get("/api/bookings")).Is(200).Ids().ShouldBeEmpty();
        (await patient.Http.Get("/api/bookings?status=lost")).Is(422);
        (await patient.Http.Get("/api/bookings?limit=101")).Is(422);
        var cursor = (await patient.Http.Get("/api/bookings?limit=2")).Is(200)["next_cursor"];
        (await doctor.Http.Get("/api/bookings?limit=2&cursor=" + cursor)).Is(400, "cursor_of_another_list");
    }
}
