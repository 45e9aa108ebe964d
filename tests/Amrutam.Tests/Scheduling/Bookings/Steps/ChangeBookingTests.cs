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
        (await patient.Http.Post($"/api/bookings/{booked.Id}/move", new { slot_id = await two.Slot(0) })).Is(200);
        (await patient.Http.Post($"/api/bookings/{booked.Id}/move", new { slot_id = await two.Slot(5) }))
            .Is(409, "bookings_of_a_patient_do_not_overlap");
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
