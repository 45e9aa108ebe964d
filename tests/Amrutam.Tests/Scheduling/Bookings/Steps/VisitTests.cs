using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using NodaTime;
using NodaTime.Text;

namespace Amrutam.Tests.Scheduling.Bookings.Steps;

/// <summary>The life of a booking through the API.</summary>
public sealed class VisitTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task A_visit_goes_from_check_in_to_completion_and_its_history_lists_the_steps()
    {
        var (doctor, patient, path) = await Near();
        (await doctor.Http.Post(path + "/start")).Is(409, "step_not_allowed");
        (await patient.Http.Post(path + "/check-in")).Is(200)["status"].ShouldBe("checked_in");
        (await patient.Http.Post(path + "/start")).Is(403);
        (await doctor.Http.Post(path + "/start")).Is(200)["status"].ShouldBe("in_progress");
        (await patient.Http.Post(path + "/cancellation")).Is(409, "step_not_allowed");
        var done = (await doctor.Http.Post(path + "/completion")).Is(200);
        (done["status"], done["revision"]).ShouldBe(("completed", "3"));
        var history = (await patient.Http.Get(path + "/history")).Is(200);
        history.All("action").ShouldBe(["booked", "checked_in", "started", "completed"]);
        history.All("to_status").ShouldBe(["confirmed", "checked_in", "in_progress", "completed"]);
        history.All("by_role").ShouldBe(["patient", "patient", "doctor", "doctor"]);
        (await (await Server.User("patient")).Http.Get(path + "/history")).Is(404);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task The_doctor_undoes_the_last_step_for_ten_minutes_and_once()
    {
        var (doctor, patient, path) = await Near();
        (await doctor.Http.Post(path + "/undo")).Is(409, "step_not_allowed");
        (await doctor.Http.Post(path + "/check-in")).Is(200);
        (await doctor.Http.Post(path + "/start")).Is(200);
        (await patient.Http.Post(path + "/undo")).Is(403);
        (await doctor.Http.Post(path + "/undo")).Is(200)["status"].ShouldBe("checked_in");
        (await doctor.Http.Post(path + "/undo")).Is(409, "step_not_allowed");
        (await doctor.Http.Post(path + "/start")).Is(200);
        (await doctor.Http.Post(path + "/completion")).Is(200);
        await Server.Owner.Statement("update scheduling.booking_steps set at = at - interval '10 minutes 1 second'")
            .Execute();
        (await doctor.Http.Post(path + "/undo")).Is(422, "undo_is_too_late");
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task An_undone_no_show_names_nobody_and_one_undone_completion_may_be_a_no_show()
    {
        var (doctor, _, path) = await Booked();
        await Server.Begin(Guid.Parse(path.Split('/')[^1]));
        (await doctor.Http.Post(path + "/no-show", new { party = "patient" })).Is(200);
        var undone = (await doctor.Http.Post(path + "/undo")).Is(200);
        (undone["status"], undone["no_show_party"]).ShouldBe(("confirmed", ""));
        (await doctor.Http.Post(path + "/completion")).Is(200);
        (await doctor.Http.Post(path + "/undo")).Is(200)["status"].ShouldBe("confirmed");
        (await doctor.Http.Post(path + "/no-show", new { party = "doctor" }))
            .Is(200)["no_show_party"].ShouldBe("doctor");
    }

    [Fact]
    public async Task The_ETag_is_the_revision_and_a_stale_one_changes_nothing()
    {
        var (doctor, patient, path) = await Near();
        var read = (await patient.Http.Get(path)).Is(200);
        read.Header("ETag").ShouldBe("\"0\"");
        (await Step(doctor, "\"1\"")).Is(412, "revision_is_stale");
        (await Step(doctor, "W/\"0\"")).Is(412, "revision_is_stale");
        (await Step(doctor, "0")).Is(400);
        (await Step(doctor, "\"7\", \"0\"")).Is(200);
        (await patient.Http.Get(path)).Header("ETag").ShouldBe("\"1\"");
        (await Step(doctor, "\"0\"", "/undo")).Is(412, "revision_is_stale");
        (await Step(doctor, "*", "/undo")).Is(200)["revision"].ShouldBe("2");

        Task<Reply> Step(TestUser user, string tag, string step = "/check-in") =>
            user.Http.Send(HttpMethod.Post, path + step, headers: ("If-Match", tag));
    }

    [Fact]
    public async Task A_visit_opens_for_its_steps_at_the_stated_time_before_its_start()
    {
        var (doctor, patient, path) = await Booked();
        var starts = OffsetDateTimePattern.Rfc3339.Parse((await patient.Http.Get(path)).Is(200)["starts_at"]).Value;
        var refused = (await patient.Http.Post(path + "/check-in")).Is(409, "visit_is_not_open");
        refused["opens_at"].ShouldBe((starts.ToInstant() - Duration.FromHours(1)).ToString());
        (await doctor.Http.Post(path + "/check-in")).Is(409, "visit_is_not_open");
        // A visit that was checked in and started, and then moved far ahead, is not completed either.
        var id = Guid.Parse(path.Split('/')[^1]);
        await Server.Approach(id);
        (await patient.Http.Post(path + "/check-in")).Is(200);
        await Server.StartIn(id, 90);
        (await doctor.Http.Post(path + "/start")).Is(409, "visit_is_not_open");
        await Server.Approach(id);
        (await doctor.Http.Post(path + "/start")).Is(200);
        await Server.StartIn(id, 90);
        (await doctor.Http.Post(path + "/completion")).Is(409, "visit_is_not_open");
        await Server.Approach(id);
        (await doctor.Http.Post(path + "/completion")).Is(200);
    }

    [Theory]
    [InlineData("staff")]
    [InlineData("admin")]
    public async Task Within_the_doctors_window_the_patient_cannot_cancel_or_move_but_doctor_and_staff_can(string role)
    {
        var (doctor, patient, staff) = (await Server.Doctor(), await Server.User("patient"),
            await Server.User(role));
        var (first, second, third) = (await doctor.Slot(0), await doctor.Slot(1), await doctor.Slot(2));
        (await doctor.Http.Put("/api/doctors/policy", new { cancellation_window_minutes = 4 * 24 * 60 })).Is(200);
        var path = "/api/bookings/" + (await patient.Book(first)).Is(201).Id;
        (await patient.Http.Post(path + "/cancellation")).Is(422, "cancellation_window_has_passed");
        (await patient.Http.Post(path + "/move", new { slot_id = second })).Is(422, "cancellation_window_has_passed");
        (await doctor.Http.Post(path + "/move", new { slot_id = second })).Is(200);
        (await staff.Http.Post(path + "/move", new { slot_id = third })).Is(422, "invalid_fields");
        (await staff.Http.Post(path + "/move", new { slot_id = third, reason = "The clinic closes early" })).Is(200);
        (await staff.Http.Post(path + "/cancellation")).Is(422, "invalid_fields");
        var cancelled = (await staff.Http.Post(path + "/cancellation", new { reason = "The patient called" })).Is(200);
        (cancelled["cancelled_by"], cancelled["cancellation_reason"]).ShouldBe((role, "The patient called"));
        int.Parse(cancelled["cancelled_minutes_ahead"]).ShouldBeInRange(24 * 60, 50 * 60);
        var history = (await patient.Http.Get(path + "/history")).Is(200);
        history.All("by_role").ShouldBe(["patient", "doctor", role, role]);
        history.All("from_slot_id").ShouldBe(["", first.ToString(), second.ToString(), ""]);
        history.All("reason").ShouldBe(["", "", "The clinic closes early", "The patient called"]);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task A_policy_is_the_doctors_own_and_read_by_all()
    {
        var doctor = await Server.Doctor();
        (await doctor.Http.Get("/api/doctors/policy")).Is(200)["requires_confirmation"].ShouldBe("False");
        var saved = (await doctor.Http.Put("/api/doctors/policy", new { requires_confirmation = true })).Is(200);
        saved.Header("ETag").ShouldBe("\"1\"");
        (await Server.Anonymous().Get($"/api/doctors/{doctor.Id}/policy"))
            .Is(200)["requires_confirmation"].ShouldBe("True");
        (await Server.Anonymous().Get($"/api/doctors/{Guid.CreateVersion7()}/policy")).Is(404);
        (await doctor.Http.Send(HttpMethod.Put, "/api/doctors/policy", new { }, headers: ("If-Match", "\"0\"")))
            .Is(412, "revision_is_stale");
        (await doctor.Http.Put("/api/doctors/policy", new { cancellation_window_minutes = -1 })).Is(422);
        (await (await Server.User("patient")).Http.Put("/api/doctors/policy", new { })).Is(403);
        (await (await Server.User("doctor")).Http.Put("/api/doctors/policy", new { })).Is(409, "doctor_has_no_profile");
    }

    [Fact]
    public async Task One_field_of_a_policy_is_changed_without_the_others()
    {
        var doctor = await Server.Doctor();
        (await doctor.Http.Put("/api/doctors/policy", new { requires_confirmation = true, confirmation_minutes = 60 }))
            .Is(200);
        var changed = (await Patch(new { cancellation_window_minutes = 120 }, "\"1\"")).Is(200);
        (changed["cancellation_window_minutes"], changed["requires_confirmation"], changed["confirmation_minutes"])
            .ShouldBe(("120", "True", "60"));
        changed.Header("ETag").ShouldBe("\"2\"");
        (await Patch(new { requires_confirmation = false }, "\"1\"")).Is(412, "revision_is_stale");
        (await Patch(new { confirmation_minutes = 0 }, "*")).Is(422, "invalid_fields");
        (await doctor.Http.Get("/api/doctors/policy")).Is(200).Text.ShouldBe(changed.Text);
        // A replacement still resets the fields that are left out.
        (await doctor.Http.Put("/api/doctors/policy", new { })).Is(200)["requires_confirmation"].ShouldBe("False");

        Task<Reply> Patch(object changes, string match) => doctor.Http.Send(HttpMethod.Patch, "/api/doctors/policy",
            changes, headers: ("If-Match", match));
    }

    /// <summary>A booking whose visit is open.</summary>
    async Task<(TestUser Doctor, TestUser Patient, string Path)> Near()
    {
        var booked = await Booked();
        await Server.Approach(Guid.Parse(booked.Path.Split('/')[^1]));
        return booked;
    }

    async Task<(TestUser Doctor, TestUser Patient, string Path)> Booked()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        return (doctor, patient, "/api/bookings/" + (await patient.Book(await doctor.Slot())).Is(201).Id);
    }
}
