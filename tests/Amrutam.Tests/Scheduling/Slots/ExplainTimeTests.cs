using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using NodaTime;
using static Amrutam.Tests.Support.Calendars.Availability;

namespace Amrutam.Tests.Scheduling.Slots;

public sealed class ExplainTimeTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task Every_time_has_its_reason()
    {
        var (doctor, patient) = (await Server.Doctor("UTC"), await Server.User("patient"));
        var (day, off, far) = (Ahead(3, "UTC"), Ahead(4, "UTC"), Ahead(12, "UTC"));
        await Says(doctor, day, "09:10", "no_rules");
        (await doctor.Offer(Daily("09:00", "12:20", 30, 10), horizon: 10, notice: 60)).Is(200);
        await Says(doctor, day, "09:10", "bookable", await doctor.SlotAt(day, "09:00"));
        await Says(doctor, day, "09:35", "between_slots");
        await Says(doctor, day, "12:10", "between_slots");
        await Says(doctor, day, "08:59", "outside_rules");
        await Says(doctor, day, "12:20", "outside_rules");
        await Says(doctor, far, "09:10", "beyond_horizon");
        await Says(doctor, Ahead(-1, "UTC"), "09:10", "in_the_past");

        (await patient.Book(await doctor.SlotAt(day, "09:40"))).Is(201);
        (await Says(doctor, day, "09:40", "booked")).Text.ShouldNotContain(patient.Id.ToString());
        await Server.Owner.Statement("""
            update scheduling.slots set held_by = $2, held_until = now() + interval '1 minute' where id = $1
            """).With(await doctor.SlotAt(day, "10:20")).With(patient.Id).Execute();
        await Says(doctor, day, "10:20", "held");
        (await doctor.Http.Delete("/api/slots/" + await doctor.SlotAt(day, "11:00"))).Is(204);
        await Says(doctor, day, "11:15", "closed");
        (await doctor.Leave(Iso(off), Iso(off))).Is(201);
        await Says(doctor, off, "09:10", "time_off");
    }

    [Fact]
    public async Task Notice_and_overlaps_have_their_reasons_too()
    {
        var doctor = await Server.Doctor("UTC");
        var day = Ahead(2, "UTC");
        (await doctor.Http.Post("/api/slots", new { date = Iso(day), start_time = "09:15", end_time = "09:20" }))
            .Is(201);
        (await doctor.Offer(Daily("09:00", "12:00"), notice: 5 * 24 * 60)).Is(200);
        await Says(doctor, day, "09:10", "overlaps_another_slot");
        await Says(doctor, day, "09:17", "bookable", await doctor.SlotAt(day, "09:15"));
        await Says(doctor, day, "10:00", "minimum_notice");
    }

    [Fact]
    public async Task A_kind_of_visit_has_its_reasons()
    {
        var doctor = await Server.Doctor("UTC");
        var day = Ahead(3, "UTC");
        var (talk, whole, followUp, notOffered) = (await Server.NewVisitType(30), await Server.NewVisitType(60),
            await Server.NewVisitType(30, ("first", false)), await Server.NewVisitType());
        (await doctor.OfferKinds(whole, talk, followUp)).Is(200);
        (await doctor.Offer(Daily("09:00", "10:30"))).Is(200);
        var (first, last) = (await doctor.SlotAt(day, "09:00"), await doctor.SlotAt(day, "10:00"));
        await Says(doctor, day, "09:00", "bookable", first, talk);
        await Says(doctor, day, "09:00", "bookable", first, whole);
        await Says(doctor, day, "10:00", "slot_too_short", null, whole);
        // Without a kind it is the default.
        await Says(doctor, day, "10:00", "slot_too_short");
        await Says(doctor, day, "10:00", "bookable", last, talk);
        await Says(doctor, day, "10:00", "bookable_as_follow_up", last, followUp);
        await Says(doctor, day, "10:00", "visit_type_not_offered", null, notOffered);
        await Says(doctor, day, "08:00", "outside_rules", null, notOffered);
        await Server.Owner.Statement("update scheduling.slots set visit_type_ids = array[$2] where id = $1").With(last)
            .With(followUp).Execute();
        await Says(doctor, day, "10:00", "slot_is_for_other_visits", null, talk);
        await Server.ChangeVisitType(talk, new { minimum_notice_minutes = 5 * 24 * 60 });
        await Says(doctor, day, "09:00", "minimum_notice", null, talk);
    }

    [Fact]
    public async Task A_doctor_who_is_not_there_and_a_time_that_is_none_are_refused()
    {
        var anonymous = Server.Anonymous();
        (await anonymous.Get($"/api/doctors/{Guid.CreateVersion7()}/explanation?at=2030-01-01T00:00:00Z")).Is(404);
        var doctor = await Server.Doctor();
        (await anonymous.Get($"/api/doctors/{doctor.Id}/explanation?at=2030-01-01T00:00:00")).Is(400);
        (await anonymous.Get($"/api/doctors/{doctor.Id}/explanation?at=9999-01-01T00:00:00Z")).Is(400);
        (await anonymous.Get($"/api/doctors/{doctor.Id}/explanation")).Is(400);
    }

    async Task<Reply> Says(TestUser doctor, LocalDate date, string time, string code, Guid? slot = null,
        Guid? type = null)
    {
        var path = $"/api/doctors/{doctor.Id}/explanation?at={Iso(date)}T{time}:00Z"
            + (type is null ? "" : $"&visit_type_id={type}");
        var said = (await Server.Anonymous().Get(path)).Is(200);
        (said["code"], said["bookable"], said["slot_id"]).ShouldBe((code, $"{slot is not null}", $"{slot}"), said.Text);
        said["explanation"].ShouldEndWith(".");
        return said;
    }
}
