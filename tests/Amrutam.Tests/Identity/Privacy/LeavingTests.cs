using Amrutam.Identity.Privacy;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Identity.Privacy;

/// <summary>Closing an account cancels the person's future bookings and gives up their places in line.</summary>
public sealed class LeavingTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    static Task<Reply> Leave(HttpClient http) => http.Send(HttpMethod.Delete, "/api/me", new { });

    async Task<string> Status(Guid booking) =>
        (await Server.Owner.Statement("select status from scheduling.bookings where id = $1").With(booking)
            .Value<string>())!;

    Task<List<string>> Events(Guid entity) => Server.Owner
        .Statement("select action from audit.events where entity_id = $1 order by position")
        .With(entity).List(row => row.GetString(0));

    [Fact]
    public async Task A_leaving_doctors_visits_are_cancelled_with_events_and_nothing_more_can_be_booked()
    {
        var (doctor, patient, other) = (await Server.Doctor(), await Server.User("patient"),
            await Server.User("patient"));
        var (taken, free) = (await doctor.Slot(1), await doctor.Slot(2));
        var booking = (await patient.Book(taken)).Is(201).Id;
        (await Leave(doctor.Http)).Is(202);
        (await Status(booking)).ShouldBe("cancelled");
        (await Events(booking)).ShouldBe(["bookings.booked", "bookings.cancelled"]);
        (await patient.Http.Get("/api/bookings/" + booking)).Is(200)["status"].ShouldBe("cancelled");
        (await other.Book(free)).Is(409, "doctor_is_not_bookable");
        (await other.Book(taken)).Is(409, "doctor_is_not_bookable");
        (await Server.Anonymous().Get("/api/doctors?limit=100")).Is(200).Ids().ShouldNotContain(doctor.Id);
    }

    [Fact]
    public async Task A_doctor_who_comes_back_has_the_calendar_again_but_not_the_visits()
    {
        var person = await Person.SignUp(Server, role: "doctor");
        await Server.Owner.Statement("""
            insert into doctors.profiles (id, full_name, specialization, experience, bio, verified_at)
            values ($1, 'Test doctor', 'Ayurveda', 5, 'Sees patients.', now())
            """).With(person.Id).Execute();
        var doctor = new TestUser(person.Id, person.Http);
        var (taken, free) = (await doctor.Slot(1), await doctor.Slot(2));
        var booking = (await (await Server.User("patient")).Book(taken)).Is(201).Id;
        (await person.Http.Send(HttpMethod.Delete, "/api/me", new { password = Person.Password })).Is(202);
        await person.SignIn();
        (await Status(booking)).ShouldBe("cancelled");
        (await (await Server.User("patient")).Book(free)).Is(201);
        (await (await Server.User("patient")).Book(taken)).Is(201);
        (await person.Http.Get("/api/availability/time-off")).Is(200).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_leaving_patients_visits_are_cancelled_their_slots_are_free_and_their_place_in_line_is_given_up()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var slot = await doctor.Slot(1);
        var booking = (await patient.Book(slot)).Is(201).Id;
        var entry = (await patient.Http.Post("/api/waitlist", new
        {
            doctor_id = doctor.Id, from = TimeProvider.System.GetUtcNow(),
            to = TimeProvider.System.GetUtcNow().AddDays(30),
        })).Is(201).Id;
        (await Leave(patient.Http)).Is(202);
        (await Status(booking)).ShouldBe("cancelled");
        (await Events(booking)).ShouldBe(["bookings.booked", "bookings.cancelled"]);
        (await Events(entry)).Last().ShouldBe("waitlist.left");
        (await (await Server.User("patient")).Book(slot)).Is(201);
    }

    [Fact]
    public async Task A_visit_that_has_begun_is_not_cancelled()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var booking = (await patient.Book(await doctor.Slot(1))).Is(201).Id;
        await Server.Owner.Statement("""
            with s as (update scheduling.slots set starts_at = now() - interval '5 minutes',
                       ends_at = now() + interval '25 minutes' where booking_id = $1)
            update scheduling.bookings set starts_at = now() - interval '5 minutes',
                   ends_at = now() + interval '25 minutes' where id = $1
            """).With(booking).Execute();
        (await Leave(patient.Http)).Is(202);
        (await Leave(doctor.Http)).Is(202);
        (await Status(booking)).ShouldBe("confirmed");
    }

    [Fact]
    public async Task A_booking_that_is_made_while_the_doctor_leaves_is_cancelled_or_refused()
    {
        for (var i = 0; i < 5; i++)
        {
            var doctor = await Server.Doctor();
            var slots = await Task.WhenAll(Enumerable.Range(1, 4).Select(n => doctor.Slot(n)));
            var patients = await Task.WhenAll(slots.Select(_ => Server.User("patient")));
            var booking = patients.Zip(slots, (patient, slot) => patient.Book(slot)).ToList();
            (await Leave(doctor.Http)).Is(202);
            (await Task.WhenAll(booking)).ShouldAllBe(r => r.Status == 201 || r.Status == 409);
            (await Server.Owner.Statement("""
                select count(*) from scheduling.bookings where doctor_id = $1 and status <> 'cancelled'
                """).With(doctor.Id).Value<long>()).ShouldBe(0);
        }
    }

    [Fact]
    public async Task When_the_data_is_erased_a_doctors_rules_are_gone_and_the_calendar_stays_closed()
    {
        var doctor = await Server.Doctor();
        (await doctor.Http.Put("/api/availability", new
        {
            rules = new[] { new { weekday = "monday", from = "09:00", to = "17:00", slot_minutes = 30 } },
        })).Is(200);
        (await Leave(doctor.Http)).Is(202);
        await Server.Owner.Statement("update identity.users set deletion_due_at = now() where id = $1").With(doctor.Id)
            .Execute();
        await Server.App.Services.GetRequiredService<EraseAccounts>().EraseDue(CancellationToken.None);
        (await Server.Owner.Statement("""
            select (select count(*) from scheduling.availability where doctor_id = $1)
                 + (select count(*) from scheduling.time_off where doctor_id = $1)
                 + (select count(*) from scheduling.open_slots where doctor_id = $1 and starts_at > now())
            """).With(doctor.Id).Value<long>()).ShouldBe(0);
    }
}
