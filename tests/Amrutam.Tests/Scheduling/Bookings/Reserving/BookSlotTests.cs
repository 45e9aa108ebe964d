using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Scheduling.Bookings.Reserving;

public sealed class BookSlotTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task A_conflict_with_ones_own_booking_names_it_on_every_route()
    {
        var (one, two, patient) = (await Server.Doctor(), await Server.Doctor(), await Server.User("patient"));
        var booked = (await patient.Book(await one.Slot(40))).Is(201);
        var other = (await patient.Book(await one.Slot(44))).Is(201);
        var slot = await two.Slot(40);
        foreach (var refused in new[]
        {
            await patient.Book(slot), await patient.Book(slot, key: "conflict"),
            await patient.Book(slot, key: "conflict"),
            await patient.Http.Post($"/api/slots/{slot}/hold"),
            await patient.Http.Post($"/api/bookings/{other.Id}/move", new { slot_id = slot, to_other_doctor = true }),
        })
        {
            refused.Is(409, "bookings_of_a_patient_do_not_overlap").Ids("bookings").ShouldBe([booked.Id]);
            refused.Body.GetProperty("bookings")[0].GetProperty("starts_at").GetString().ShouldBe(booked["starts_at"]);
        }
    }

    [Fact]
    public async Task A_patient_books_an_open_slot_and_reads_the_same_booking_back()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var slot = await doctor.Slot();
        var booked = (await patient.Book(slot, reason: "Schmerz \"im\" Rücken \\ पीठ दर्द <1 & 2>")).Is(201);
        booked.Header("Location").ShouldBe("/api/bookings/" + booked.Id);
        booked["status"].ShouldBe("confirmed");
        booked["slot_id"].ShouldBe(slot.ToString());
        booked["patient_id"].ShouldBe(patient.Id.ToString());
        booked["doctor_id"].ShouldBe(doctor.Id.ToString());
        var read = (await patient.Http.Get("/api/bookings/" + booked.Id)).Is(200);
        read.Text.ShouldBe(booked.Text, "one serializer writes both");
        (await doctor.Http.Get("/api/bookings/" + booked.Id)).Is(200);
    }

    [Fact]
    public async Task Another_persons_booking_is_not_there()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var booked = await patient.Book(await doctor.Slot());
        var stranger = await Server.User("patient");
        var seen = (await stranger.Http.Get("/api/bookings/" + booked.Id)).Is(404, "not_found");
        var absent = (await stranger.Http.Get("/api/bookings/" + Guid.CreateVersion7())).Is(404, "not_found");
        seen["detail"].ShouldBe(absent["detail"]);
        (await stranger.Http.Post($"/api/bookings/{booked.Id}/cancellation", new { })).Is(404);
        (await (await Server.Doctor()).Http.Get("/api/bookings/" + booked.Id)).Is(404);
    }

    [Fact]
    public async Task A_slot_that_is_taken_closed_begun_or_absent_says_so()
    {
        var (doctor, patient, other) = (await Server.Doctor(), await Server.User("patient"),
            await Server.User("patient"));
        var (taken, closed, begun) = (await doctor.Slot(0), await doctor.Slot(1), await doctor.Slot(2));
        (await other.Book(taken)).Is(201);
        (await doctor.Http.Delete("/api/slots/" + closed)).Is(204);
        await Server.Owner.Statement("""
            update scheduling.slots set starts_at = now() - interval '1 minute', ends_at = now() + interval '9 minutes'
             where id = $1
            """).With(begun).Execute();
        (await patient.Book(taken)).Is(409, "one_active_booking_per_slot");
        (await patient.Book(closed)).Is(409, "slot_is_closed");
        (await patient.Book(begun)).Is(422, "slot_has_started");
        (await patient.Book(Guid.CreateVersion7())).Is(404);
    }

    [Fact]
    public async Task A_patient_cannot_be_in_two_places_at_once()
    {
        var (one, two, patient) = (await Server.Doctor(), await Server.Doctor(), await Server.User("patient"));
        (await patient.Book(await one.Slot(4))).Is(201);
        (await patient.Book(await two.Slot(4))).Is(409, "bookings_of_a_patient_do_not_overlap");
        (await patient.Book(await two.Slot(5))).Is(201);
    }

    [Fact]
    public async Task Only_patients_book()
    {
        var doctor = await Server.Doctor();
        var slot = await doctor.Slot();
        (await doctor.Book(slot)).Is(403, "role_may_not");
        (await (await Server.User("admin")).Book(slot)).Is(403);
        (await Server.Anonymous().Post("/api/bookings", new { slot_id = slot })).Is(401, "not_signed_in");
    }

    [Fact]
    public async Task A_key_gives_the_same_answer_again_byte_for_byte()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var slot = await doctor.Slot();
        var first = (await patient.Book(slot, "k-1", "back pain")).Is(201);
        first.Header("Idempotency-Replayed").ShouldBeNull();
        var again = (await patient.Http.Post("/api/bookings",
            $$"""{ "reason" : "back pain", "slot_id":"{{slot}}" }""", "\"k-1\"")).Is(201);
        again.Text.ShouldBe(first.Text);
        again.Header("Idempotency-Replayed").ShouldBe("true");
        again.Header("Location").ShouldBe(first.Header("Location"));
        (await patient.Book(slot, "k-1", "something else")).Is(422, "idempotency_key_reused");
    }

    [Fact]
    public async Task A_refusal_under_a_key_is_kept_too_and_outlives_its_cause()
    {
        var (doctor, patient, other) = (await Server.Doctor(), await Server.User("patient"),
            await Server.User("patient"));
        var slot = await doctor.Slot();
        var taken = await other.Book(slot);
        var first = (await patient.Book(slot, "k-2")).Is(409, "one_active_booking_per_slot");
        (await other.Http.Post($"/api/bookings/{taken.Id}/cancellation")).Is(200);
        var again = (await patient.Book(slot, "k-2")).Is(409);
        again.Text.ShouldBe(first.Text);
        again.Header("Idempotency-Replayed").ShouldBe("true");
        (await patient.Book(slot, "k-3")).Is(201);
    }

    [Fact]
    public async Task Keys_belong_to_their_user()
    {
        var (doctor, one, two) = (await Server.Doctor(), await Server.User("patient"), await Server.User("patient"));
        (await one.Book(await doctor.Slot(0), "shared")).Is(201);
        (await two.Book(await doctor.Slot(1), "shared")).Is(201);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("tab\tbed")]
    public async Task A_key_with_other_characters_is_refused(string key)
    {
        var patient = await Server.User("patient");
        (await patient.Http.Send(HttpMethod.Post, "/api/bookings", new { slot_id = Guid.CreateVersion7() },
            headers: ("Idempotency-Key", key))).Is(400);
    }

    [Fact]
    public async Task The_event_of_a_booking_is_one_and_names_no_reason()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var booked = await patient.Book(await doctor.Slot(), reason: "private matter");
        var details = await Server.Owner
            .Statement("select details::text from audit.events where entity_id = $1 and action = 'bookings.booked'")
            .With(booked.Id).List(row => row.GetString(0));
        details.ShouldHaveSingleItem().ShouldNotContain("private");
    }

    [Theory]
    [InlineData("""{"slot_id": "not a uuid"}""", 400)]
    [InlineData("""{"slot_id": null}""", 400)]
    [InlineData("""{}""", 400)]
    [InlineData("""{"slot_id": "0195c1de-7f3c-7a52-8d6e-2f6a1c1b9f10", "status": "completed"}""", 400)]
    [InlineData("""{"slot_id": "0195c1de-7f3c-7a52-8d6e-2f6a1c1b9f10", "reason": "\u0000"}""", 422)]
    [InlineData("""{"slot_id": "0195c1de-7f3c-7a52-8d6e-2f6a1c1b9f10", "reason": "\ud800"}""", 400)]
    [InlineData("""{"slot_id": "0195c1de-7f3c-7a52-8d6e-2f6a1c1b9f10",}""", 400)]
    [InlineData("[", 400)]
    public async Task Bad_input_gets_a_clear_error(string body, int status)
    {
        var reply = (await (await Server.User("patient")).Http.Post("/api/bookings", body)).Is(status);
        reply.Text.ShouldNotContain("System.");
        reply.Text.ShouldNotContain("Amrutam.");
    }
}
