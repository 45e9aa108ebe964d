using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using static Amrutam.Tests.Support.Calendars.Availability;

namespace Amrutam.Tests.Scheduling;

/// <summary>The event log has every change of the calendar, with its actor and the trace of the request.</summary>
public sealed class EventTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task Every_change_of_a_doctors_calendar_leaves_its_event()
    {
        var doctor = await Server.Doctor();
        (await doctor.Offer(Daily("09:00", "10:00"))).Is(200);
        (await doctor.ReplaceRules(Daily("09:00", "09:30"))).Is(200);
        var off = (await doctor.Leave("2031-01-01", "2031-01-02")).Is(201);
        (await doctor.Http.Delete("/api/availability/time-off/" + off.Id)).Is(204);
        (await doctor.Http.Delete("/api/slots/" + await doctor.Slot(40))).Is(204);
        (await doctor.Http.Put("/api/doctors/policy", new { })).Is(200);
        (await ActionsOf(doctor)).ShouldBe(["availability.replaced", "slots.published", "availability.replaced",
            "slots.closed", "time_off.taken", "time_off.withdrawn", "slots.published", "slots.closed",
            "policies.changed"]);
    }

    [Fact]
    public async Task Every_step_of_patient_and_doctor_leaves_its_event()
    {
        var (doctor, patient) = (await Server.Doctor(specialization: "Nidana"), await Server.User("patient"));
        var (first, second, third) = (await doctor.Slot(0), await doctor.Slot(1), await doctor.Slot(2));
        (await patient.Http.Post($"/api/slots/{first}/hold")).Is(201);
        (await patient.Http.Delete($"/api/slots/{first}/hold")).Is(204);
        var path = "/api/bookings/" + (await patient.Book(first)).Is(201).Id;
        (await patient.Http.Post(path + "/move", new { slot_id = second })).Is(200);
        (await patient.Http.Post(path + "/cancellation")).Is(200);
        (await patient.Http.Post("/api/bookings/series", new
        {
            slot_id = third, occurrences = 2, mode = "possible"
        })).Is(201);
        foreach (var answer in new[] { "/acceptance", "/decline" })
        {
            var entry = (await patient.Http.Post("/api/waitlist", new { doctor_id = doctor.Id, to = Far })).Is(201);
            (await patient.Http.Post($"/api/waitlist/{entry.Id}{answer}")).Is(200);
            if (answer == "/decline") (await patient.Http.Delete("/api/waitlist/" + entry.Id)).Is(204);
        }
        (await ActionsOf(patient)).ShouldBe(["slots.held", "slots.released", "bookings.booked", "bookings.moved",
            "bookings.cancelled", "bookings.booked", "waitlist.joined", "bookings.booked", "waitlist.accepted",
            "waitlist.joined", "waitlist.passed", "waitlist.left"]);

        var visit = (await (await Server.User("patient")).Book(await doctor.Slot(3))).Is(201).Id;
        await Server.Approach(visit);
        path = "/api/bookings/" + visit;
        foreach (var step in new[] { "/check-in", "/start", "/completion", "/undo", "/completion" })
            (await doctor.Http.Post(path + step)).Is(200);
        (await ActionsOf(doctor)).Where(action => action.StartsWith("bookings.", StringComparison.Ordinal)).ShouldBe([
            "bookings.checked_in", "bookings.started", "bookings.completed", "bookings.undone", "bookings.completed"]);
    }

    /// <summary>The actions of a person, by the log, in order. Each has a trace.</summary>
    async Task<List<string>> ActionsOf(TestUser user) => await Server.Owner.Statement("""
        select action from audit.events
         where actor_id = $1 and trace_id ~ '^[0-9a-f]{32}$'
           and action ~ '^(availability|bookings|policies|slots|time_off|waitlist)\.'
         order by position
        """).With(user.Id).List(row => row.GetString(0));

    static string Far => Calendar.Start.Plus(NodaTime.Duration.FromDays(1)).ToString();
}
