using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Scheduling.Queue;

/// <summary>Walk-ins, tokens, and the order in which a doctor calls.</summary>
public sealed class QueueTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const string WalkIns = "/api/desk/walk-ins", Next = "/api/queue/next";

    TestServer Server => fixture.Server;

    Task<Reply> WalkIn(TestUser staff, Guid patient, TestUser doctor) =>
        staff.Http.Post(WalkIns, new { patient_id = patient, doctor_id = doctor.Id });

    async Task<Guid> Patient() => (await Server.User("patient")).Id;

    [Fact]
    public async Task A_walk_in_gets_the_next_free_slot_of_today_else_a_place_in_the_queue()
    {
        var (staff, doctor) = (await Server.User("staff"), await Server.DoctorAtNoon());
        var (past, taken, free) = (await Server.SlotIn(doctor, -20), await Server.SlotIn(doctor, 20),
            await Server.SlotIn(doctor, 60));
        await doctor.Slot(1);
        (await (await Server.User("patient")).Book(taken)).Is(201);
        var (first, second) = (await Patient(), await Patient());
        var with = (await WalkIn(staff, first, doctor)).Is(201);
        with["token"].ShouldBe("1");
        (await Server.Owner.Statement("select slot_id from scheduling.bookings where id = $1")
            .With(Guid.Parse(with["booking_id"])).Value<Guid>()).ShouldBe(free);
        var without = (await WalkIn(staff, second, doctor)).Is(201);
        (without["token"], without["booking_id"], without["starts_at"]).ShouldBe(("2", "", ""));
        var day = (await staff.Http.Get("/api/day?doctor_id=" + doctor.Id)).Is(200);
        day.All("status").Order().ShouldBe(["confirmed", "confirmed", "waiting"]);
        (await Server.Owner.Statement("""
            select actor_role || ' ' || (details ->> 'acted_for') from audit.events
             where action = 'queue.walked_in' and entity_id = $1
            """).With(with.Id).Value<string>()).ShouldBe("staff " + first);
        (await Server.Owner.Statement("select booking_id from scheduling.slots where id = $1").With(past)
            .Value<Guid>()).ShouldBe(Guid.Empty);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task A_walk_in_is_refused_by_name()
    {
        var (staff, doctor) = (await Server.User("staff"), await Server.DoctorAtNoon());
        var patient = await Patient();
        (await WalkIn(staff, Guid.CreateVersion7(), doctor)).Is(404);
        (await staff.Http.Post(WalkIns, new { patient_id = patient, doctor_id = Guid.CreateVersion7() })).Is(404);
        (await WalkIn(staff, doctor.Id, doctor)).Is(422, "nobody_books_themself");
        (await WalkIn(staff, patient, doctor)).Is(201);
        (await WalkIn(staff, patient, doctor)).Is(409, "patient_is_waiting");
        (await (await Server.User("admin")).Http.Patch("/api/admin/users/" + doctor.Id, new { suspended = true }))
            .Is(200);
        (await WalkIn(staff, await Patient(), doctor)).Is(409, "doctor_is_not_bookable");
    }

    [Fact]
    public async Task A_doctor_says_how_many_walk_ins_a_day_has()
    {
        var (staff, doctor) = (await Server.User("staff"), await Server.DoctorAtNoon());
        (await doctor.Http.Patch("/api/doctors/policy", new { walk_ins_per_day = 1 })).Is(200)["walk_ins_per_day"]
            .ShouldBe("1");
        (await WalkIn(staff, await Patient(), doctor)).Is(201);
        await Server.SlotIn(doctor, 30);
        (await WalkIn(staff, await Patient(), doctor)).Is(422, "too_many_walk_ins");
        (await Server.Owner.Statement("select count(*) from scheduling.bookings where doctor_id = $1")
            .With(doctor.Id).Value<long>()).ShouldBe(0, "nothing is half done");
        (await doctor.Http.Patch("/api/doctors/policy", new { walk_ins_per_day = 201 })).Is(422, "invalid_fields");
        (await doctor.Http.Patch("/api/doctors/policy", new { walk_ins_per_day = -1 })).Is(422, "invalid_fields");
    }

    [Fact]
    public async Task Booked_and_on_time_is_called_first_then_by_arrival()
    {
        var (staff, doctor) = (await Server.User("staff"), await Server.DoctorAtNoon());
        var (walked, late, soon, sooner) = (await Patient(), await Server.User("patient"), await Server.User("patient"),
            await Server.User("patient"));
        (await WalkIn(staff, walked, doctor)).Is(201);
        var bookings = new List<Guid>();
        foreach (var (patient, minutes) in new[] { (late, 2), (soon, 16), (sooner, 9) })
        {
            var booking = (await patient.Book(await Server.SlotIn(doctor, minutes))).Is(201).Id;
            (await staff.Http.Post($"/api/bookings/{booking}/check-in")).Is(200);
            bookings.Add(booking);
        }
        await Server.Owner.Statement("""
            update scheduling.queue_entries set arrived_at = arrived_at + interval '3 minutes' where booking_id = $1
            """).With(bookings[0]).Execute();
        (await doctor.Http.Get("/api/day")).Is(200).Items.Where(i => i.GetProperty("place").ToString() != "")
            .OrderBy(i => i.GetProperty("place").GetInt32())
            .Select(i => i.GetProperty("patient").GetProperty("id").GetGuid())
            .ShouldBe([sooner.Id, soon.Id, walked, late.Id]);
    }

    [Fact]
    public async Task The_doctor_calls_one_after_the_other_and_the_wait_is_measured()
    {
        var (staff, doctor) = (await Server.User("staff"), await Server.DoctorAtNoon());
        var (first, second) = (await Patient(), await Patient());
        var entry = (await WalkIn(staff, first, doctor)).Is(201).Id;
        (await WalkIn(staff, second, doctor)).Is(201);
        await Server.Owner.Statement("""
            update scheduling.queue_entries set arrived_at = arrived_at - interval '20 minutes' where id = $1
            """).With(entry).Execute();
        var called = (await doctor.Http.Post(Next, key: "next-1")).Is(200);
        called["patient_id"].ShouldBe(first.ToString());
        int.Parse(called["waited_seconds"]).ShouldBeInRange(1200, 1200 + 120);
        (await doctor.Http.Post(Next, key: "next-1")).Is(200).Id.ShouldBe(called.Id);
        (await doctor.Http.Post(Next)).Is(200)["patient_id"].ShouldBe(second.ToString());
        (await doctor.Http.Post(Next)).Is(409, "nobody_is_waiting");
        (await (await Server.Doctor()).Http.Post(Next)).Is(409, "nobody_is_waiting");
        (await Server.Owner.Statement("""
            select (details ->> 'waited_seconds')::int from audit.events
             where action = 'queue.called' and entity_id = $1
            """).With(entry).Value<int>()).ShouldBe(int.Parse(called["waited_seconds"]));
        // Called, the patient may come again.
        (await WalkIn(staff, first, doctor)).Is(201)["token"].ShouldBe("3");
    }

    [Fact]
    public async Task A_visit_that_is_cancelled_moved_or_undone_is_not_called_and_keeps_its_token_on_return()
    {
        var doctor = await Server.DoctorAtNoon();
        var (cancelled, undone) = (await Server.User("patient"), await Server.User("patient"));
        var bookings = new List<string>();
        foreach (var patient in new[] { cancelled, undone })
        {
            bookings.Add("/api/bookings/"
                + (await patient.Book(await Server.SlotIn(doctor, 5 + 20 * bookings.Count))).Is(201).Id);
            (await patient.Http.Post(bookings[^1] + "/check-in")).Is(200);
        }
        (await cancelled.Http.Post(bookings[0] + "/cancellation")).Is(200);
        (await doctor.Http.Post(bookings[1] + "/undo")).Is(200);
        (await doctor.Http.Post(Next)).Is(409, "nobody_is_waiting");
        (await undone.Http.Post(bookings[1] + "/check-in")).Is(200);
        var called = (await doctor.Http.Post(Next)).Is(200);
        (called["patient_id"], called["token"]).ShouldBe((undone.Id.ToString(), "2"));
    }

    [Fact]
    public async Task At_once_no_token_is_given_twice_and_nobody_is_called_twice()
    {
        var (staff, doctor) = (await Server.User("staff"), await Server.DoctorAtNoon());
        (await doctor.Http.Patch("/api/doctors/policy", new { walk_ins_per_day = 12 })).Is(200);
        for (var i = 0; i < 3; i++) await Server.SlotIn(doctor, 60 + 20 * i);
        var patients = new List<TestUser>();
        for (var i = 0; i < 15; i++) patients.Add(await Server.User("patient"));
        var booker = await Server.User("patient");
        var slot = await Server.SlotIn(doctor, 30);
        var booking = booker.Book(slot);
        var replies = await Task.WhenAll(patients.Select(p => WalkIn(staff, p.Id, doctor)));
        (await booking).Status.ShouldBeOneOf(201, 409);
        replies.Count(r => r.Status == 201).ShouldBe(12);
        replies.Where(r => r.Status != 201).ShouldAllBe(r => r.Code == "too_many_walk_ins");
        replies.Where(r => r.Status == 201).Select(r => int.Parse(r["token"])).Order()
            .ShouldBe(Enumerable.Range(1, 12));
        var calls = await Task.WhenAll(Enumerable.Range(0, 14).Select(_ => doctor.Http.Post(Next)));
        calls.Where(c => c.Status == 200).Select(c => c.Id).ShouldBeUnique();
        var left = 0;
        while ((await doctor.Http.Post(Next)).Status == 200) left++;
        (calls.Count(c => c.Status == 200) + left).ShouldBe(12);
        await Server.ShouldKeepItsInvariants();
    }
}
