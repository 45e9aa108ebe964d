using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using NodaTime;
using static Amrutam.Tests.Support.Calendars.Availability;

namespace Amrutam.Tests.Scheduling.Bookings.Reserving;

public sealed class HoldTests(ServerFixture fixture, TestCluster cluster) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task A_held_slot_is_for_its_holder_alone_who_books_it()
    {
        var (doctor, holder, other) = (await Server.Doctor(), await Server.User("patient"),
            await Server.User("patient"));
        var slot = await doctor.Slot();
        var hold = (await holder.Http.Post($"/api/slots/{slot}/hold")).Is(201);
        hold["slot_id"].ShouldBe(slot.ToString());
        (hold.Body.GetProperty("expires_at").GetDateTimeOffset() - TimeProvider.System.GetUtcNow()).TotalMinutes
            .ShouldBeInRange(4.8, 5.1);
        (await other.Book(slot)).Is(409, "slot_is_held");
        (await other.Http.Post($"/api/slots/{slot}/hold")).Is(409, "slot_is_held");
        (await Listed(doctor)).ShouldBeEmpty();
        (await holder.Http.Post($"/api/slots/{slot}/hold")).Is(201)["expires_at"].ShouldBe(hold["expires_at"]);
        (await holder.Book(slot)).Is(201);
        (await holder.Http.Delete($"/api/slots/{slot}/hold")).Is(404);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task A_hold_that_is_over_blocks_nothing_though_no_job_has_run()
    {
        var (doctor, holder, other) = (await Server.Doctor(), await Server.User("patient"),
            await Server.User("patient"));
        var (slot, second) = (await doctor.Slot(0), await doctor.Slot(1));
        foreach (var id in new[] { slot, second })
        {
            (await holder.Http.Post($"/api/slots/{id}/hold")).Is(201);
            await Server.EndHold(id);
        }
        (await Listed(doctor)).ShouldBe([slot, second]);
        (await other.Book(slot)).Is(201);
        (await other.Http.Post($"/api/slots/{second}/hold")).Is(201);
        (await holder.Book(second)).Is(409, "slot_is_held");
    }

    [Fact]
    public async Task A_hold_is_released_by_its_holder_alone()
    {
        var (doctor, holder, other) = (await Server.Doctor(), await Server.User("patient"),
            await Server.User("patient"));
        var slot = await doctor.Slot();
        (await holder.Http.Post($"/api/slots/{slot}/hold")).Is(201);
        (await other.Http.Delete($"/api/slots/{slot}/hold")).Is(404);
        (await doctor.Http.Delete($"/api/slots/{slot}/hold")).Is(403);
        (await holder.Http.Delete($"/api/slots/{slot}/hold")).Is(204);
        (await holder.Http.Delete($"/api/slots/{slot}/hold")).Is(404);
        (await other.Book(slot)).Is(201);
        (await holder.Http.Post($"/api/slots/{slot}/hold")).Is(409, "one_active_booking_per_slot");
        (await holder.Http.Post($"/api/slots/{Guid.CreateVersion7()}/hold")).Is(404);
    }

    [Fact]
    public async Task A_patient_holds_a_few_slots_and_not_more()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase(), "--Limits:HoldsPerPatient=2");
        var (doctor, patient) = (await server.Doctor(), await server.User("patient"));
        var slots = new[] { await doctor.Slot(0), await doctor.Slot(1), await doctor.Slot(2) };
        (await patient.Http.Post($"/api/slots/{slots[0]}/hold")).Is(201);
        (await patient.Http.Post($"/api/slots/{slots[1]}/hold")).Is(201);
        (await patient.Http.Post($"/api/slots/{slots[2]}/hold")).Is(422, "too_many_holds");
        await server.EndHold(slots[0]);
        (await patient.Http.Post($"/api/slots/{slots[2]}/hold")).Is(201);
        (await patient.Http.Post($"/api/slots/{slots[0]}/hold")).Is(422, "too_many_holds");
        (await patient.Book(slots[1])).Is(201);
        (await patient.Http.Post($"/api/slots/{slots[0]}/hold")).Is(201);
    }

    [Fact]
    public async Task A_patient_lists_the_slots_that_are_held_for_them()
    {
        var (doctor, patient, other) = (await Server.Doctor(), await Server.User("patient"),
            await Server.User("patient"));
        var (later, sooner, over, offered) = (await doctor.Slot(3), await doctor.Slot(1), await doctor.Slot(5),
            await doctor.Slot(60));
        foreach (var slot in new[] { later, sooner, over })
            (await patient.Http.Post($"/api/slots/{slot}/hold")).Is(201);
        await Server.EndHold(over);
        var entry = (await patient.Http.Post("/api/waitlist", new
        {
            doctor_id = doctor.Id, from = Calendar.Start.Plus(Duration.FromHours(30)).ToString(),
            to = Calendar.Start.Plus(Duration.FromDays(3)).ToString(),
        })).Is(201);
        entry["status"].ShouldBe("offered");
        var first = (await patient.Http.Get("/api/me/holds?limit=2")).Is(200);
        first.All("slot_id").ShouldBe([$"{sooner}", $"{later}"]);
        first.All("waitlist_entry_id").ShouldBe(["", ""]);
        var second = (await patient.Http.Get("/api/me/holds?limit=2&cursor=" + first["next_cursor"])).Is(200);
        second.All("slot_id").ShouldBe([$"{offered}"]);
        second.All("waitlist_entry_id").ShouldBe([$"{entry.Id}"]);
        (await other.Http.Get("/api/me/holds")).Is(200).Items.ShouldBeEmpty();
    }

    public static TheoryData<string> ChangesOfACalendar() =>
        ["new rules", "more notice", "time off", "a new zone", "time off for a slot by hand"];

    [Theory]
    [MemberData(nameof(ChangesOfACalendar))]
    public async Task A_live_hold_is_kept_when_the_calendar_changes_and_its_slot_closes_afterwards(string change)
    {
        var (doctor, other) = (await Server.Doctor("UTC"), await Server.User("patient"));
        var (booker, waverer) = (await Server.User("patient"), await Server.User("patient"));
        var day = Ahead(2, "UTC");
        List<Guid> slots = [];
        if (change.EndsWith("by hand", StringComparison.Ordinal))
            foreach (var start in new[] { "09:00", "09:30" })
                slots.Add((await doctor.Http.Post("/api/slots", new
                {
                    date = Iso(day), start_time = start, end_time = start[..3] + (start[3] == '0' ? "30" : "59"),
                })).Is(201).Id);
        else
        {
            (await doctor.Offer(Daily("09:00", "10:00"))).Is(200);
            slots = [await doctor.SlotAt(day, "09:00"), await doctor.SlotAt(day, "09:30")];
        }
        (await booker.Http.Post($"/api/slots/{slots[0]}/hold")).Is(201);
        (await waverer.Http.Post($"/api/slots/{slots[1]}/hold")).Is(201);
        switch (change)
        {
            case "new rules": (await doctor.ReplaceRules(Daily("15:00", "16:00"))).Is(200); break;
            case "more notice":
                (await doctor.ReplaceRules(Daily("09:00", "10:00"), notice: 5 * 24 * 60)).Is(200);
                break;
            case "a new zone":
                await Server.Owner.Statement(
                    "update doctors.profiles set time_zone = 'America/New_York' where id = $1").With(doctor.Id)
                    .Execute();
                await Server.MakeSlotsAhead();
                break;
            default: (await doctor.Leave(Iso(day), Iso(day))).Is(201); break;
        }
        (await booker.Http.Get("/api/me/holds")).Is(200).All("slot_id").ShouldBe([$"{slots[0]}"]);
        (await other.Book(slots[0])).Is(409, "slot_is_held");
        (await doctor.Http.Delete("/api/slots/" + slots[0])).Is(409, "slot_is_held");
        var booked = (await booker.Book(slots[0])).Is(201);
        await Server.EndHold(slots[1]);
        (await other.Book(slots[1])).Status.ShouldBeOneOf(409, 422);
        await Server.MakeSlotsAhead();
        (await other.Book(slots[1])).Status.ShouldBeOneOf(409, 422);
        // After its booking the slot is not open either.
        (await booker.Http.Post($"/api/bookings/{booked.Id}/cancellation")).Is(200);
        (await other.Book(slots[0])).Status.ShouldBeOneOf(409, 422);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task A_slot_that_was_kept_for_a_hold_is_open_again_when_the_time_off_is_withdrawn()
    {
        var (doctor, patient, other) = (await Server.Doctor("UTC"), await Server.User("patient"),
            await Server.User("patient"));
        var slot = await doctor.Slot(3);
        (await patient.Http.Post($"/api/slots/{slot}/hold")).Is(201);
        var off = (await doctor.Leave(Iso(Ahead(2, "UTC")), Iso(Ahead(3, "UTC")))).Is(201);
        (await doctor.Http.Delete("/api/availability/time-off/" + off.Id)).Is(204);
        (await patient.Http.Delete($"/api/slots/{slot}/hold")).Is(204);
        (await other.Book(slot)).Is(201);
    }

    [Fact]
    public async Task A_key_holds_once()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var slot = await doctor.Slot();
        var first = (await patient.Http.Post($"/api/slots/{slot}/hold", key: "h")).Is(201);
        (await patient.Http.Delete($"/api/slots/{slot}/hold")).Is(204);
        var again = (await patient.Http.Post($"/api/slots/{slot}/hold", key: "h")).Is(201);
        (again.Text, again.Header("Idempotency-Replayed")).ShouldBe((first.Text, "true"));
        (await Listed(doctor)).ShouldBe([slot]);
    }

    async Task<IEnumerable<Guid>> Listed(TestUser doctor) =>
        (await Server.Anonymous().Get($"/api/doctors/{doctor.Id}/slots")).Is(200).Ids();
}
