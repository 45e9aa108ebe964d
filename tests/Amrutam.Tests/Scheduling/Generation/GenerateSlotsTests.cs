using Amrutam.Platform.Data;
using Amrutam.Scheduling.Schedule;
using Amrutam.Scheduling.Slots;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;
using static Amrutam.Tests.Support.Calendars.Availability;
using static Amrutam.Tests.Support.Waiting;

namespace Amrutam.Tests.Scheduling.Generation;

public sealed class GenerateSlotsTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    // The server's own job may run first, with the same result.
    GenerateSlots Job => Server.App.Services.GetRequiredService<GenerateSlots>();

    [Fact]
    public async Task The_days_that_come_into_view_get_their_slots_and_a_second_run_changes_nothing()
    {
        var doctors = new List<TestUser>();
        for (var i = 0; i < 3; i++) doctors.Add(await Server.Doctor());
        foreach (var doctor in doctors) (await doctor.Offer(Daily("09:00", "10:00"), horizon: 5)).Is(200);
        foreach (var doctor in doctors) await MakeDue(doctor, "horizon_days = 7");
        await Server.MakeSlotsAhead();
        foreach (var doctor in doctors)
        {
            (await doctor.TimesOn(Ahead(7))).ShouldBe(["09:00", "09:30"]);
            (await Events(doctor)).Last().ShouldBe("slots.published system 4");
        }
        var before = await Server.Owner.Statement("select count(*) from audit.events").Value<long>();
        foreach (var doctor in doctors) await MakeDue(doctor, "horizon_days = 7");
        await Server.MakeSlotsAhead();
        (await Server.Owner.Statement("select count(*) from audit.events").Value<long>()).ShouldBe(before);
        (await Job.MakeSome()).Doctors.ShouldBe(0);
        (await Server.Owner.Statement("""
            select min(due_at) > now() and max(due_at) <= now() + interval '1 day' from scheduling.availability
            """).Value<bool>()).ShouldBeTrue();
    }

    [Fact]
    public async Task A_doctor_who_moved_is_offered_by_the_clock_of_the_new_place()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        (await doctor.Offer(Daily("09:00", "10:00"), horizon: 5)).Is(200);
        var booked = (await patient.Book(await doctor.SlotAt(Ahead(2), "09:00"))).Is(201);
        await Server.Owner.Statement("update doctors.profiles set time_zone = 'Asia/Dubai' where id = $1")
            .With(doctor.Id).Execute();
        await Server.MakeSlotsAhead();
        (await doctor.TimesOn(Ahead(3, "Asia/Dubai"))).ShouldBe(["09:00", "09:30"]);
        (await patient.Http.Get("/api/bookings/" + booked.Id)).Is(200)["starts_at"].ShouldBe(booked["starts_at"]);
    }

    [Fact]
    public async Task When_a_booking_outside_the_rules_ends_the_slots_of_the_rules_are_made()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        (await doctor.Offer(Daily("09:00", "10:00", minutes: 60), horizon: 5)).Is(200);
        var booked = (await patient.Book(await doctor.SlotAt(Ahead(2), "09:00"))).Is(201);
        (await doctor.ReplaceRules(Daily("09:00", "10:00", minutes: 30), horizon: 5)).Is(200);
        (await doctor.TimesOn(Ahead(2))).ShouldBeEmpty();

        (await patient.Http.Post($"/api/bookings/{booked.Id}/cancellation", null)).Is(200);
        await Server.MakeSlotsAhead();

        (await doctor.TimesOn(Ahead(2))).ShouldBe(["09:00", "09:30"]);
    }

    [Fact]
    public async Task A_locked_calendar_is_passed_over_and_the_slots_of_the_others_are_made()
    {
        var (busy, other) = (await Server.Doctor(), await Server.Doctor());
        foreach (var doctor in new[] { busy, other }) (await doctor.Offer(Daily("09:00", "10:00"), horizon: 5)).Is(200);
        await using (var replacing = await Server.Owner.OpenConnectionAsync())
        await using (var transaction = await replacing.BeginTransactionAsync())
        {
            await CalendarLocks.LockCalendars(replacing, busy.Id);
            foreach (var doctor in new[] { busy, other }) await MakeDue(doctor, "horizon_days = 6");
            await Until(async () =>
            {
                await Job.MakeSome();
                return (await Events(other)).Contains("slots.published system 2");
            });
            (await Events(busy)).ShouldNotContain("slots.published system 2");
        }
        await Server.MakeSlotsAhead();
        (await Events(busy)).Count(e => e == "slots.published system 2").ShouldBe(1);
    }

    [Fact]
    public async Task Concurrent_runs_make_each_doctors_slots_once()
    {
        var doctors = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => Server.Doctor()));
        foreach (var doctor in doctors) (await doctor.Offer(Daily("09:00", "10:00"), horizon: 5)).Is(200);
        foreach (var doctor in doctors) await MakeDue(doctor, "horizon_days = 6");
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Job.MakeAll(CancellationToken.None)));
        await Server.MakeSlotsAhead();
        foreach (var doctor in doctors)
            (await Events(doctor)).Count(e => e == "slots.published system 2").ShouldBe(1);
    }

    Task MakeDue(TestUser doctor, string change) => Server.Owner.Statement(
        $"update scheduling.availability set due_at = now(), {change} where doctor_id = $1").With(doctor.Id).Execute();

    Task<List<string>> Events(TestUser doctor) => Server.Owner.Statement("""
        select action || ' ' || actor_role || ' ' || (details ->> 'count') from audit.events
         where entity_id = $1 and action like 'slots.%' order by position
        """).With(doctor.Id).List(row => row.GetString(0));
}
