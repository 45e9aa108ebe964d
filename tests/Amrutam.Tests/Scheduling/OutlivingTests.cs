using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using NodaTime;

namespace Amrutam.Tests.Scheduling;

/// <summary>Nothing outlives the thing that it hangs on: places in line, offers, holds, requests, series, links and
/// sessions.</summary>
public sealed class OutlivingTests(UnsweptServerFixture fixture, TestCluster cluster)
    : IClassFixture<UnsweptServerFixture>
{
    TestServer Server => fixture.Server;

    public static TheoryData<string> EndsOfABooking() =>
        ["cancelled by the patient", "cancelled by the doctor", "cancelled by time off", "completed", "no-show",
            "moved to another doctor", "account closed"];

    [Theory]
    [MemberData(nameof(EndsOfABooking))]
    public async Task A_place_in_line_ends_with_its_booking_and_the_offer_goes_on_at_once(string end)
    {
        var scene = await Offered();
        var path = "/api/bookings/" + scene.Booking;
        var (patient, doctor) = (scene.Patient.Http, scene.Doctor.Http);
        var leave = new { from = At(20), to = At(23), bookings = "cancel" };
        switch (end)
        {
            case "cancelled by the patient": (await patient.Post(path + "/cancellation")).Is(200); break;
            case "cancelled by the doctor": (await doctor.Post(path + "/cancellation")).Is(200); break;
            case "cancelled by time off": (await doctor.Post("/api/availability/time-off", leave)).Is(201); break;
            case "completed" or "no-show":
                await Server.Begin(scene.Booking);
                (await doctor.Post(path + (end == "completed" ? "/completion" : "/no-show"),
                    end == "completed" ? null : new { party = "patient" })).Is(200);
                break;
            case "account closed":
                (await patient.Post("/api/me/removal", new { password = Person.Password })).Is(202);
                break;
            default:
                var elsewhere = await (await Server.Doctor()).Slot(40);
                (await patient.Post(path + "/move", new { slot_id = elsewhere, to_other_doctor = true })).Is(200);
                break;
        }
        await ShouldHaveGoneOn(scene, end == "account closed" ? "left" : "lapsed");
    }

    [Fact]
    public async Task A_place_in_line_is_taken_by_a_move_to_the_slot_on_offer()
    {
        var scene = await Offered();
        (await scene.Patient.Http.Post($"/api/bookings/{scene.Booking}/move", new { slot_id = scene.Early })).Is(200);
        (await StatusOf(scene.Entry)).ShouldBe("accepted");
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task An_offer_ends_when_its_booking_moves_before_it_and_the_patient_waits_for_another()
    {
        var scene = await Offered();
        var earlier = await scene.Doctor.Slot(-2);
        (await scene.Patient.Http.Post($"/api/bookings/{scene.Booking}/move", new { slot_id = earlier })).Is(200);
        await ShouldHaveGoneOn(scene, "waiting");
    }

    [Fact]
    public async Task An_offer_that_was_locked_when_its_booking_ended_ends_with_the_next_run()
    {
        var scene = await Offered();
        await using (var connection = await Server.Owner.OpenConnectionAsync())
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await connection.Statement("select from scheduling.waitlist_entries where id = $1 for update")
                .With(scene.Entry).Execute();
            (await scene.Patient.Http.Post($"/api/bookings/{scene.Booking}/cancellation")).Is(200);
            await transaction.RollbackAsync();
        }
        await Server.PassOn();
        await ShouldHaveGoneOn(scene, "lapsed");
    }

    [Theory]
    [InlineData("""{"suspended": true}""")]
    [InlineData("""{"role": "doctor"}""")]
    public async Task A_hold_ends_with_its_holders_right_to_book(string loss)
    {
        var (doctor, holder, other) = (await Server.Doctor(), await Server.User("patient"),
            await Server.User("patient"));
        var slot = await doctor.Slot();
        (await holder.Http.Post($"/api/slots/{slot}/hold")).Is(201);
        await Change(holder.Id, loss);
        await Server.PassOn();
        (await other.Book(slot)).Is(201);
    }

    [Fact]
    public async Task An_offer_ends_with_its_patients_account()
    {
        var scene = await Offered();
        await Change(scene.Patient.Id, """{"suspended": true}""");
        await Server.PassOn();
        await OfferIsWith(scene.Next, scene.Early);
    }

    [Fact]
    public async Task A_request_ends_with_its_patients_account_and_its_slot_is_open()
    {
        var (doctor, patient, other) = (await Server.Doctor(), await Person.SignUp(Server),
            await Server.User("patient"));
        (await doctor.Http.Put("/api/doctors/policy", new { requires_confirmation = true })).Is(200);
        var slot = await doctor.Slot();
        (await patient.Http.Post("/api/bookings", new { slot_id = slot })).Is(201)["status"].ShouldBe("requested");
        (await patient.Http.Post("/api/me/removal", new { password = Person.Password })).Is(202);
        (await other.Book(slot)).Is(201);
    }

    [Fact]
    public async Task A_series_counts_no_longer_than_its_bookings()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase(), "--Limits:OpenSeriesPerPatient=1",
            "--Scheduling:SweepSeconds=3600");
        var (doctor, patient) = (await server.Doctor(), await server.User("patient"));
        (await doctor.Http.Put("/api/doctors/policy", new { requires_confirmation = true })).Is(200);
        var first = (await Series(patient, await doctor.Slot(0))).Is(201);
        (await Series(patient, await doctor.Slot(2))).Is(422, "too_many_series");
        // Expired by the clock, before a job has recorded it.
        await server.EndRequest(first.Body.GetProperty("bookings")[0].GetProperty("id").GetGuid());
        (await Series(patient, await doctor.Slot(4))).Is(201);

        static Task<Reply> Series(TestUser user, Guid slot) => user.Http.Post("/api/bookings/series",
            new { slot_id = slot, occurrences = 2, mode = "possible" });
    }

    [Fact]
    public async Task A_link_and_a_session_end_with_their_account()
    {
        var person = await Person.SignUp(Server);
        (await Server.Anonymous().Post("/api/auth/password-reset", new { email = person.Email })).Is(202);
        var token = await Mailbox.Token(person.Email, "Choose a new password");
        await Change(person.Id, """{"suspended": true}""");
        var choice = new { token, password = "another-lantern-43" };
        (await Server.Anonymous().Post("/api/auth/password-reset/confirmation", choice)).Is(422, "invalid_token");
        (await person.Http.Get("/api/me/sessions")).Is(401);
    }

    async Task Change(Guid account, string change) =>
        (await (await Server.User("admin")).Http.Patch("/api/admin/users/" + account, change)).Is(200);

    sealed record Scene(TestUser Doctor, (Guid Id, HttpClient Http) Patient, TestUser Next, Guid Booking, Guid Entry,
        Guid Early);

    /// <summary>A patient has a booking and is offered an earlier slot; another one is next in line for it.</summary>
    async Task<Scene> Offered()
    {
        var (doctor, patient, next) = (await Server.Doctor(), await Person.SignUp(Server),
            await Server.User("patient"));
        var booking = (await patient.Http.Post("/api/bookings", new { slot_id = await doctor.Slot(20) })).Is(201).Id;
        var entry = (await patient.Http.Post("/api/waitlist", new { booking_id = booking })).Is(201).Id;
        (await next.Http.Post("/api/waitlist", new { doctor_id = doctor.Id, from = At(0), to = At(10) })).Is(201);
        var early = await doctor.Slot(5);
        await Server.Owner.Statement(
            "update scheduling.waitlist_entries set looked_at = now() - interval '1 minute' where id = $1").With(entry)
            .Execute();
        await Server.PassOn();
        (await StatusOf(entry)).ShouldBe("offered");
        return new(doctor, (patient.Id, patient.Http), next, booking, entry, early);
    }

    async Task ShouldHaveGoneOn(Scene scene, string status)
    {
        (await StatusOf(scene.Entry)).ShouldBe(status);
        await OfferIsWith(scene.Next, scene.Early);
        await Server.ShouldKeepItsInvariants();
    }

    static async Task OfferIsWith(TestUser patient, Guid slot) =>
        (await patient.Http.Get("/api/waitlist")).Is(200).Items.First().GetProperty("offer").GetProperty("slot_id")
            .GetGuid().ShouldBe(slot);

    Task<string?> StatusOf(Guid entry) => Server.Owner
        .Statement("select status from scheduling.waitlist_entries where id = $1").With(entry).Value<string>();

    static string At(int number) => Calendar.Start.Plus(Duration.FromMinutes(30) * number).ToString();
}
