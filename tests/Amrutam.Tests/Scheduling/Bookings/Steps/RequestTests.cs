using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using static Amrutam.Tests.Support.Waiting;

namespace Amrutam.Tests.Scheduling.Bookings.Steps;

/// <summary>Bookings that a doctor confirms by hand.</summary>
public sealed class RequestTests(UnsweptServerFixture fixture) : IClassFixture<UnsweptServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task A_request_blocks_its_slot_until_the_doctor_accepts_it()
    {
        var (doctor, patient, other) = (await Confirming(), await Server.User("patient"), await Server.User("patient"));
        var slot = await doctor.Slot();
        var asked = (await patient.Book(slot, "k")).Is(201);
        asked["status"].ShouldBe("requested");
        (asked.Body.GetProperty("expires_at").GetDateTimeOffset() - TimeProvider.System.GetUtcNow()).TotalMinutes
            .ShouldBeInRange(58, 61);
        var path = "/api/bookings/" + asked.Id;
        JsonElement.DeepEquals((await patient.Http.Get(path)).Body, asked.Body).ShouldBeTrue();
        (await other.Book(slot)).Is(409, "one_active_booking_per_slot");
        (await patient.Book(slot)).Is(409, "one_active_booking_per_slot");
        (await doctor.Http.Delete("/api/slots/" + slot)).Is(409, "slot_is_booked");
        (await patient.Http.Post(path + "/acceptance")).Is(403);
        (await (await Confirming()).Http.Post(path + "/acceptance")).Is(404);
        (await doctor.Http.Post(path + "/completion")).Is(409, "step_not_allowed");
        var accepted = (await doctor.Http.Post(path + "/acceptance")).Is(200);
        (accepted["status"], accepted["expires_at"], accepted["revision"]).ShouldBe(("confirmed", "", "1"));
        (await doctor.Http.Post(path + "/decline")).Is(409, "step_not_allowed");
        (await patient.Http.Get(path + "/history")).All("action").ShouldBe(["requested", "accepted"]);
        (await patient.Book(slot, "k")).Is(201).Text.ShouldBe(asked.Text);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task A_declined_request_frees_its_slot_and_says_why()
    {
        var (doctor, patient, other) = (await Confirming(), await Server.User("patient"), await Server.User("patient"));
        var slot = await doctor.Slot();
        var path = "/api/bookings/" + (await patient.Book(slot)).Is(201).Id;
        var declined = (await doctor.Http.Post(path + "/decline", new { reason = "Please see a surgeon" })).Is(200);
        (declined["status"], declined["cancellation_reason"], declined["cancelled_by"])
            .ShouldBe(("declined", "Please see a surgeon", ""));
        (await patient.Http.Post(path + "/cancellation")).Is(409, "step_not_allowed");
        (await other.Book(slot)).Is(201);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task The_former_address_of_a_decline_counts_as_the_same_change()
    {
        var (doctor, patient) = (await Confirming(), await Server.User("patient"));
        var path = "/api/bookings/" + (await patient.Book(await doctor.Slot())).Is(201).Id;
        var declined = (await doctor.Http.Post(path + "/declination", key: "once")).Is(200);
        var again = (await doctor.Http.Post(path + "/decline", key: "once")).Is(200);
        (again.Text, again.Header("Idempotency-Replayed")).ShouldBe((declined.Text, "true"));
        (await Server.Owner.Statement("select route from platform.idempotency_keys where user_id = $1 and key = 'once'")
            .With(doctor.Id).List(row => row.GetString(0)))
            .ShouldBe([$"POST {path}/declination"], "the previous version of the server stores it there too");
    }

    [Fact]
    public async Task A_request_that_nobody_answers_expires_by_the_clock_before_any_job()
    {
        var (doctor, patient, other) = (await Confirming(), await Server.User("patient"), await Server.User("patient"));
        var (slot, elsewhere) = (await doctor.Slot(), await (await Server.Doctor()).Slot());
        var path = "/api/bookings/" + (await patient.Book(slot)).Is(201).Id;
        await Server.EndRequest(Guid.Parse(path.Split('/')[^1]));
        var read = (await patient.Http.Get(path)).Is(200);
        (read["status"], read["revision"]).ShouldBe(("expired", "1"));
        (await patient.Http.Get("/api/bookings?status=expired")).Ids().Count().ShouldBe(1);
        (await doctor.Http.Post(path + "/acceptance")).Is(409, "step_not_allowed");
        (await patient.Book(elsewhere)).Is(201);
        (await other.Book(slot)).Is(201);
        (await patient.Http.Get(path)).Text.ShouldBe(read.Text);
        (await patient.Http.Get(path + "/history")).All("action").ShouldBe(["requested", "expired"]);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task The_job_expires_requests_that_nobody_reads()
    {
        var (doctor, patient) = (await Confirming(), await Server.User("patient"));
        var id = (await patient.Book(await doctor.Slot())).Is(201).Id;
        await Server.EndRequest(id);
        await Server.PassOn();
        (await Server.Owner.Statement("select status from scheduling.bookings where id = $1").With(id).Value<string>())
            .ShouldBe("expired");
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task Accepting_against_expiry_and_against_another_booking_has_one_winner()
    {
        var doctor = await Confirming();
        for (var i = 0; i < 15; i++)
        {
            var (patient, other, slot) = (await Server.User("patient"), await Server.User("patient"),
                await doctor.Slot(i));
            var id = (await patient.Book(slot)).Is(201).Id;
            await Server.Owner.Statement("""
                with b as (update scheduling.bookings set expires_at = clock_timestamp() + interval '15 milliseconds'
                            where id = $1 returning *)
                update scheduling.slots s set held_until = b.expires_at from b where s.id = b.slot_id
                """).With(id).Execute();
            await Pause(i);
            var replies = await Task.WhenAll(doctor.Http.Post($"/api/bookings/{id}/acceptance"), other.Book(slot));
            (replies[0].Status, replies[1].Status).ShouldBeOneOf((200, 409), (409, 201), (409, 409));
        }
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task Two_answers_to_one_request_have_one_winner()
    {
        var (doctor, patient) = (await Confirming(), await Server.User("patient"));
        for (var i = 0; i < 10; i++)
        {
            var path = "/api/bookings/" + (await patient.Book(await doctor.Slot(i))).Is(201).Id;
            var replies = await Task.WhenAll(doctor.Http.Post(path + "/acceptance"),
                doctor.Http.Post(path + "/decline"), patient.Http.Post(path + "/cancellation"));
            // The patient may cancel an accepted request.
            replies.Take(2).Count(r => r.Status == 200).ShouldBeLessThanOrEqualTo(1);
            replies.ShouldAllBe(r => r.Status == 200 || r.Code == "step_not_allowed");
            replies.Count(r => r.Status == 200).ShouldBeInRange(1, 2);
        }
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task Two_requests_for_one_time_and_two_acceptances_of_one_request_have_one_winner()
    {
        var doctor = await Confirming();
        var (one, two) = (await Server.User("patient"), await Server.User("patient"));
        for (var i = 0; i < 10; i++)
        {
            var slot = await doctor.Slot(20 + i);
            var asked = await Task.WhenAll(one.Book(slot), two.Book(slot));
            asked.Select(r => r.Status).Order().ShouldBe([201, 409]);
            var path = $"/api/bookings/{asked.Single(r => r.Status == 201).Id}/acceptance";
            var accepted = await Task.WhenAll(doctor.Http.Post(path), doctor.Http.Post(path));
            accepted.Select(r => r.Status).Order().ShouldBe([200, 409]);
        }
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task A_confirmed_booking_is_not_moved_past_the_doctors_hand()
    {
        var (doctor, patient) = (await Confirming(), await Server.User("patient"));
        var (first, second) = (await doctor.Slot(0), await doctor.Slot(1));
        var path = "/api/bookings/" + (await patient.Book(first)).Is(201).Id;
        (await patient.Http.Post(path + "/move", new { slot_id = second })).Is(409, "step_not_allowed");
        (await doctor.Http.Post(path + "/acceptance")).Is(200);
        (await patient.Http.Post(path + "/move", new { slot_id = second })).Is(422, "move_needs_confirmation");
        (await doctor.Http.Post(path + "/move", new { slot_id = second })).Is(200);
    }

    async Task<TestUser> Confirming()
    {
        var doctor = await Server.Doctor();
        (await doctor.Http.Put("/api/doctors/policy", new { requires_confirmation = true, confirmation_minutes = 60 }))
            .Is(200);
        return doctor;
    }
}
