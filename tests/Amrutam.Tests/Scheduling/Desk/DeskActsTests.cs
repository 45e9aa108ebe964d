using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Scheduling.Desk;

/// <summary>The front desk acts for patients, and reads the day of a doctor.</summary>
public sealed class DeskActsTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const string Bookings = "/api/desk/bookings", Secret = "a rash that nobody must hear of";

    TestServer Server => fixture.Server;

    static async Task<Guid> Caller(TestUser staff, string name = "Kamala Devi") =>
        (await staff.Http.Post("/api/patients", new { full_name = name })).Is(201).Id;

    [Fact]
    public async Task Staff_book_for_a_caller_without_an_account_and_the_event_says_for_whom()
    {
        var (staff, doctor) = (await Server.User("staff"), await Server.Doctor());
        var patient = await Caller(staff);
        var slot = await doctor.Slot();
        var booked = (await staff.Http.Post(Bookings, new { patient_id = patient, slot_id = slot, reason = "Fever" }))
            .Is(201);
        booked.Header("Location").ShouldBe("/api/bookings/" + booked.Id);
        (booked["patient_id"], booked["status"]).ShouldBe((patient.ToString(), "confirmed"));
        (await staff.Http.Post($"/api/bookings/{booked.Id}/move", new { slot_id = await doctor.Slot(1), reason = "r" }))
            .Is(200);
        (await staff.Http.Post($"/api/bookings/{booked.Id}/cancellation", new { reason = "The patient called" }))
            .Is(200)["cancelled_by"].ShouldBe("staff");
        (await Server.Owner.Statement("""
            select actor_role || ' ' || action || ' ' || (details ->> 'acted_for') from audit.events
             where entity_id = $1 and entity = 'booking' order by position
            """).With(booked.Id).List(row => row.GetString(0))).ShouldBe([
                $"staff bookings.booked {patient}", $"staff bookings.moved {patient}",
                $"staff bookings.cancelled {patient}"]);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task A_booking_at_the_desk_keeps_every_rule_but_the_notice()
    {
        var (admin, doctor, other) = (await Server.User("admin"), await Server.Doctor(), await Server.Doctor());
        var patient = await Server.User("patient");
        var (slot, taken) = (await doctor.Slot(), await doctor.Slot(1));
        (await (await Server.User("patient")).Book(taken)).Is(201);
        (await Book(patient.Id, taken)).Is(409, "one_active_booking_per_slot");
        (await Book(Guid.CreateVersion7(), slot)).Is(404);
        (await Book(patient.Id, Guid.CreateVersion7())).Is(404);
        (await Book(doctor.Id, slot)).Status.ShouldBe(404, "a doctor has no record as a patient");
        (await patient.Book(await other.Slot())).Is(201);
        (await Book(patient.Id, slot)).Is(409, "bookings_of_a_patient_do_not_overlap");
        (await (await Server.User("admin")).Http.Patch("/api/admin/users/" + doctor.Id, new { suspended = true }))
            .Is(200);
        (await Book((await Server.User("patient")).Id, slot)).Is(409, "doctor_is_not_bookable");

        Task<Reply> Book(Guid who, Guid what) => admin.Http.Post(Bookings, new { patient_id = who, slot_id = what });
    }

    [Fact]
    public async Task The_desk_is_not_bound_by_the_notice_and_repeats_by_its_key()
    {
        var (staff, doctor, patient) = (await Server.User("staff"), await Server.Doctor(),
            await Server.User("patient"));
        var slot = await doctor.Slot();
        await Server.Owner.Statement("update scheduling.slots set bookable_until = now() where id = $1").With(slot)
            .Execute();
        (await patient.Book(slot)).Is(422, "minimum_notice");
        var body = new { patient_id = patient.Id, slot_id = slot };
        var first = (await staff.Http.Post(Bookings, body, "desk-1")).Is(201);
        (await staff.Http.Post(Bookings, body, "desk-1")).Is(201).Id.ShouldBe(first.Id);
    }

    [Fact]
    public async Task Staff_do_not_read_the_reason_that_a_patient_gave()
    {
        var (staff, doctor, patient) = (await Server.User("staff"), await Server.Doctor(),
            await Server.User("patient"));
        var booking = (await patient.Book(await doctor.Slot(), reason: Secret)).Is(201).Id;
        var path = "/api/bookings/" + booking;
        (await staff.Http.Post(path + "/move", new { slot_id = await doctor.Slot(1), reason = "Moved by phone" }))
            .Is(200).Text.ShouldNotContain(Secret);
        await Server.Approach(booking);
        (await staff.Http.Post(path + "/check-in")).Is(200).Text.ShouldNotContain(Secret);
        (await staff.Http.Post(path + "/cancellation", new { reason = "The patient left" })).Is(200).Text
            .ShouldNotContain(Secret);
        (await patient.Http.Get(path)).Is(200)["reason"].ShouldBe(Secret);
    }

    [Fact]
    public async Task A_day_has_the_patients_with_their_states_and_tokens()
    {
        var (staff, doctor) = (await Server.User("staff"), await Server.DoctorAtNoon());
        var asha = await Server.User("patient", "Asha Rao");
        var first = (await asha.Book(await Server.SlotIn(doctor, 5))).Is(201).Id;
        var second = (await (await Server.User("patient", "Ravi Iyer")).Book(await Server.SlotIn(doctor, 25)))
            .Is(201).Id;
        (await staff.Http.Post($"/api/bookings/{first}/check-in")).Is(200);
        var day = (await staff.Http.Get("/api/day?doctor_id=" + doctor.Id)).Is(200);
        day.All("booking_id").ShouldBe([first.ToString(), second.ToString()]);
        day.All("status").ShouldBe(["checked_in", "confirmed"]);
        day.All("token").ShouldBe(["1", ""]);
        day.All("place").ShouldBe(["1", ""]);
        day.Items.Select(i => i.GetProperty("patient").GetProperty("full_name").GetString())
            .ShouldBe(["Asha Rao", "Ravi Iyer"]);
        day.Items.First().GetProperty("arrived_at").ValueKind.ShouldBe(JsonValueKind.String);
        (await doctor.Http.Get("/api/day")).Is(200).Text.ShouldBe(day.Text);
        (await staff.Http.Get($"/api/day?doctor_id={doctor.Id}&date=2020-01-01")).Is(200).Items.ShouldBeEmpty();
        (await asha.Http.Get("/api/me/access-log")).Is(200).All("by_role").ShouldBe(["doctor", "staff"]);
    }

    [Fact]
    public async Task A_day_of_another_doctor_or_of_none_is_refused()
    {
        var (staff, doctor, other) = (await Server.User("staff"), await Server.Doctor(), await Server.Doctor());
        (await doctor.Http.Get("/api/day?doctor_id=" + other.Id)).Is(404);
        (await doctor.Http.Get("/api/day?doctor_id=" + Guid.CreateVersion7())).Is(404);
        (await (await Server.User("doctor")).Http.Get("/api/day")).Is(404);
        (await staff.Http.Get("/api/day?doctor_id=" + Guid.CreateVersion7())).Is(404);
        (await staff.Http.Get("/api/day")).Is(422, "invalid_fields");
        (await staff.Http.Get($"/api/day?doctor_id={doctor.Id}&date=2026-02-30")).Is(400);
    }
}
