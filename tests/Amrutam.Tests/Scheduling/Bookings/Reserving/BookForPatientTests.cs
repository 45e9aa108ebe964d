using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using NodaTime;

namespace Amrutam.Tests.Scheduling.Bookings.Reserving;

/// <summary>Accounts that book for their dependants: the overlap is the patient's, limits and holds are the
/// account's.</summary>
public sealed class BookForPatientTests(StrictServerFixture fixture) : IClassFixture<StrictServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task A_booking_for_a_child_is_the_childs_and_names_the_account_that_made_it()
    {
        var (doctor, mother) = (await Server.Doctor(), await Server.User("patient"));
        var child = await Server.Child(8, mother);
        var booked = (await Book(mother, await doctor.Slot(1), child, key: "k")).Is(201);
        booked["patient_id"].ShouldBe(child.ToString());
        booked["booked_by"].ShouldBe(mother.Id.ToString());
        (await Book(mother, Guid.Parse(booked["slot_id"]), child, key: "k")).Is(201).Text.ShouldBe(booked.Text);
        (await mother.Http.Get($"/api/bookings/{booked.Id}")).Is(200).Text.ShouldBe(booked.Text);
        var own = (await mother.Book(await doctor.Slot(2))).Is(201);
        own["booked_by"].ShouldBe(mother.Id.ToString());
        (await mother.Http.Get("/api/bookings")).Is(200).Ids().ShouldBe([own.Id, booked.Id]);
        (await mother.Http.Get("/api/bookings?sort=starts_at&limit=1")).Is(200).Ids().ShouldBe([booked.Id]);
        var made = await Server.Owner.Statement("""
            select actor_id, actor_role, details ->> 'acted_for' from audit.events
             where entity_id = $1 and action = 'bookings.booked'
            """).With(booked.Id).List(row => (row.GetGuid(0), row.GetString(1), row.GetString(2)));
        made.ShouldBe([(mother.Id, "patient", child.ToString())]);
    }

    [Fact]
    public async Task Both_guardians_read_move_and_cancel_and_nobody_else_does()
    {
        var doctor = await Server.Doctor();
        var (mother, father) = (await Server.User("patient"), await Server.User("patient"));
        var stranger = await Server.User("patient");
        var child = await Server.Child(8, mother, father);
        var id = (await Book(mother, await doctor.Slot(1), child)).Is(201).Id;
        var to = new { slot_id = await doctor.Slot(2) };
        (await stranger.Http.Get($"/api/bookings/{id}")).Is(404);
        (await stranger.Http.Get($"/api/bookings/{id}/history")).Is(404);
        (await stranger.Http.Post($"/api/bookings/{id}/move", to)).Is(404);
        (await stranger.Http.Post($"/api/bookings/{id}/cancellation")).Is(404);
        (await stranger.Http.Get("/api/bookings")).Is(200).Ids().ShouldBeEmpty();
        (await father.Http.Post($"/api/bookings/{id}/move", to)).Is(200)["booked_by"].ShouldBe(mother.Id.ToString());
        (await father.Http.Get($"/api/bookings/{id}/history")).Is(200).All("action").ShouldBe(["booked", "moved"]);
        (await father.Http.Post($"/api/bookings/{id}/cancellation")).Is(200)["cancelled_by"].ShouldBe("patient");
    }

    /// <summary>A guardian who works as a doctor acts for the child in no doctor's step.</summary>
    [Fact]
    public async Task A_guardian_in_another_role_has_no_part_in_the_booking()
    {
        var (doctor, mother) = (await Server.Doctor(), await Server.User("patient"));
        var id = (await Book(mother, await doctor.Slot(1), await Server.Child(8, mother))).Is(201).Id;
        var other = await Server.Again(mother, "doctor");
        (await other.Http.Get($"/api/bookings/{id}")).Is(404);
        (await other.Http.Post($"/api/bookings/{id}/cancellation")).Is(404);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Another_accounts_patient_is_answered_as_an_absent_one(bool exists)
    {
        var (doctor, mother) = (await Server.Doctor(), await Server.User("patient"));
        var patient = exists ? await Server.Child(8, await Server.User("patient")) : Guid.CreateVersion7();
        var slot = await doctor.Slot(1);
        (await Book(mother, slot, patient)).Is(404, "patient_not_found");
        (await Book(mother, slot, patient, key: "k")).Is(404, "patient_not_found");
        (await mother.Http.Post($"/api/slots/{slot}/hold", new { patient_id = patient })).Is(404, "patient_not_found");
        (await mother.Http.Post("/api/bookings/series", new { slot_id = slot, occurrences = 2, patient_id = patient }))
            .Is(404, "patient_not_found");
        (await mother.Book(slot)).Is(201);
    }

    /// <summary>The refusal of a foreign patient is no answer about the slot.</summary>
    [Fact]
    public async Task Requests_for_foreign_patients_take_nobodys_slot()
    {
        var doctor = await Server.Doctor();
        var (mother, other) = (await Server.User("patient"), await Server.User("patient"));
        var child = await Server.Child(8, other);
        var slot = await doctor.Slot(1);
        var foreign = Enumerable.Range(0, 20).Select(_ => Book(mother, slot, child)).ToList();
        var own = other.Book(slot);
        (await own).Is(201);
        foreach (var reply in await Task.WhenAll(foreign)) reply.Is(404, "patient_not_found");
    }

    [Fact]
    public async Task A_child_is_in_one_place_and_a_family_in_several()
    {
        var (first, second) = (await Server.Doctor(), await Server.Doctor());
        var (mother, father) = (await Server.User("patient"), await Server.User("patient"));
        var child = await Server.Child(8, mother, father);
        (await Book(mother, await first.Slot(1), child)).Is(201);
        var same = await second.Slot(1);
        var refused = (await Book(father, same, child)).Is(409, "bookings_of_a_patient_do_not_overlap");
        refused.Body.GetProperty("bookings").GetArrayLength().ShouldBe(1);
        (await mother.Book(same)).Is(201);
    }

    [Fact]
    public async Task The_limit_of_open_bookings_is_the_accounts()
    {
        var doctor = await Server.Doctor();
        var (mother, father) = (await Server.User("patient"), await Server.User("patient"));
        var (elder, younger) = (await Server.Child(8, mother, father), await Server.Child(3, mother));
        (await Book(mother, await doctor.Slot(1), elder)).Is(201);
        (await Book(mother, await doctor.Slot(2), younger)).Is(201);
        (await Book(mother, await doctor.Slot(3), elder)).Is(422, "too_many_open_bookings");
        (await mother.Book(await doctor.Slot(4))).Is(422, "too_many_open_bookings");
        (await Book(father, await doctor.Slot(5), elder)).Is(201);
    }

    [Fact]
    public async Task Cancelling_for_a_child_counts_for_the_account()
    {
        var (doctor, mother) = (await Server.Doctor(), await Server.User("patient"));
        var id = (await Book(mother, await doctor.Slot(1), await Server.Child(8, mother))).Is(201).Id;
        (await mother.Http.Post($"/api/bookings/{id}/cancellation")).Is(200);
        (await mother.Book(await doctor.Slot(2))).Is(429, "cool_down_after_cancellations");
    }

    [Fact]
    public async Task An_account_holds_a_slot_for_any_of_its_patients()
    {
        var doctor = await Server.Doctor();
        var (mother, father) = (await Server.User("patient"), await Server.User("patient"));
        var child = await Server.Child(8, mother, father);
        (await mother.Book(await doctor.Slot(1))).Is(201);
        var slot = await (await Server.Doctor()).Slot(1);
        (await mother.Http.Post($"/api/slots/{slot}/hold")).Is(409, "bookings_of_a_patient_do_not_overlap");
        (await mother.Http.Post($"/api/slots/{slot}/hold", new { patient_id = child })).Is(201);
        (await Book(father, slot, child)).Is(409, "slot_is_held");
        (await Book(mother, slot, child)).Is(201);
    }

    [Fact]
    public async Task A_series_and_any_doctor_serve_a_child()
    {
        var scene = await SlotScene.Make(Server);
        var child = await Server.Child(8, scene.Patient);
        await scene.Doctor.Slot(1 + 7 * 48);
        var series = (await scene.Patient.Http.Post("/api/bookings/series",
            new { slot_id = scene.Slot, occurrences = 2, patient_id = child })).Is(201);
        foreach (var booking in series.Body.GetProperty("bookings").EnumerateArray())
            (Text(booking, "patient_id"), Text(booking, "booked_by")).ShouldBe(
                (child.ToString(), scene.Patient.Id.ToString()));
        await scene.Doctor.Slot(3);
        var any = (await scene.Patient.Http.Post("/api/bookings", new
        {
            specialization = scene.Specialization, patient_id = child,
            between = new
            {
                from = Calendar.Start.ToString(), to = Calendar.Start.Plus(Duration.FromHours(3)).ToString(),
            },
        })).Is(201);
        any["patient_id"].ShouldBe(child.ToString());
        (await scene.Patient.Http.Post($"/api/bookings/series/{series.Id}/cancellation")).Is(200);
    }

    [Fact]
    public async Task A_child_who_is_of_age_keeps_the_bookings_and_gets_no_new_ones()
    {
        var (doctor, mother) = (await Server.Doctor(), await Server.User("patient"));
        var child = await Server.Child(17, mother);
        var id = (await Book(mother, await doctor.Slot(1), child)).Is(201).Id;
        await Server.Owner.Statement("""
            update patients.patients set birth_date = birth_date - interval '1 year' where id = $1
            """).With(child).Execute();
        (await Book(mother, await doctor.Slot(2), child)).Is(409, "patient_is_of_age");
        (await mother.Http.Post($"/api/bookings/{id}/move", new { slot_id = await doctor.Slot(3) })).Is(200);
        (await mother.Http.Post($"/api/bookings/{id}/cancellation")).Is(200);
    }

    static string? Text(JsonElement item, string member) => item.GetProperty(member).GetString();

    static Task<Reply> Book(TestUser account, Guid slot, Guid patient, string? key = null) =>
        account.Http.Post("/api/bookings", new { slot_id = slot, patient_id = patient }, key);
}
