using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using NodaTime;

namespace Amrutam.Tests.Scheduling.Bookings.Reserving;

/// <summary>Rules of kinds of visit for the desk, own prices, moves and holds.</summary>
public sealed class VisitRulesTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    static Task<Reply> Book(TestUser patient, Guid slot, Guid type, int? fee = null) =>
        patient.Http.Post("/api/bookings", new { slot_id = slot, visit_type_id = type, expected_fee_minor = fee });

    async Task<(TestUser Doctor, List<Guid> Slots)> Day(int slots, params Guid[] kinds)
    {
        var doctor = await Server.Doctor();
        var made = new List<Guid>();
        for (var i = 0; i < slots; i++) made.Add(await doctor.Slot(i));
        (await doctor.OfferKinds(kinds)).Is(200);
        return (doctor, made);
    }

    Task<List<Guid>> SlotsOf(Guid booking) => Server.Owner
        .Statement("select id from scheduling.slots where booking_id = $1 order by starts_at").With(booking)
        .List(row => row.GetGuid(0));

    [Fact]
    public async Task Only_the_desk_books_a_kind_for_staff()
    {
        var type = await Server.NewVisitType(30, ("bookable_by", "staff"));
        var ((_, slots), patient, staff) = (await Day(1, type), await Server.User("patient"),
            await Server.User("staff"));
        (await Book(patient, slots[0], type)).Is(409, "visit_type_not_offered");
        (await staff.Http.Post("/api/desk/bookings",
            new { patient_id = patient.Id, slot_id = slots[0], visit_type_id = type })).Is(201);
    }

    [Fact]
    public async Task The_price_that_is_expected_is_the_doctors_own()
    {
        var type = await Server.NewVisitType(30, ("fee_minor", 50_000));
        var ((doctor, slots), patient) = (await Day(1, type), await Server.User("patient"));
        (await doctor.OfferKinds(new { visit_type_id = type, fee_minor = 77_000 })).Is(200);
        (await Book(patient, slots[0], type, 50_000)).Is(409, "price_has_changed").Body.GetProperty("fee_minor")
            .GetInt32().ShouldBe(77_000);
        (await Book(patient, slots[0], type, 77_000)).Is(201);
    }

    [Fact]
    public async Task A_booking_that_moves_keeps_its_cancellation_window()
    {
        var type = await Server.NewVisitType(30, ("cancellation_window_minutes", 4 * 24 * 60));
        var ((doctor, slots), patient) = (await Day(2, type), await Server.User("patient"));
        var booked = (await Book(patient, slots[0], type)).Is(201).Id;
        (await doctor.Http.Post($"/api/bookings/{booked}/move", new { slot_id = slots[1] })).Is(200);
        (await patient.Http.Post($"/api/bookings/{booked}/cancellation")).Is(422, "cancellation_window_has_passed");
    }

    [Fact]
    public async Task A_long_visit_moves_onto_its_own_slots()
    {
        var type = await Server.NewVisitType(60);
        var ((_, slots), patient) = (await Day(3, type), await Server.User("patient"));
        var booked = (await Book(patient, slots[0], type)).Is(201).Id;
        (await patient.Http.Post($"/api/bookings/{booked}/move", new { slot_id = slots[1] })).Is(200);
        (await SlotsOf(booked)).ShouldBe(slots[1..]);
        (await patient.Http.Post($"/api/bookings/{booked}/move", new { slot_id = slots[0] })).Is(200);
        (await SlotsOf(booked)).ShouldBe(slots[..2]);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task A_long_visit_takes_slots_that_its_account_holds_and_none_of_others()
    {
        var type = await Server.NewVisitType(60);
        var ((_, slots), patient, other) = (await Day(4, type), await Server.User("patient"),
            await Server.User("patient"));
        (await patient.Http.Post($"/api/slots/{slots[1]}/hold")).Is(201);
        (await other.Http.Post($"/api/slots/{slots[3]}/hold")).Is(201);
        (await Book(patient, slots[2], type)).Is(409, "slot_too_short");
        var booked = (await Book(patient, slots[0], type)).Is(201).Id;
        (await SlotsOf(booked)).ShouldBe(slots[..2]);
    }

    [Fact]
    public async Task A_long_visit_does_not_pass_over_a_gap()
    {
        var type = await Server.NewVisitType(90);
        var (doctor, slots) = await Day(1, type);
        slots.Add(await doctor.Slot(2));
        var patient = await Server.User("patient");
        (await Book(patient, slots[0], type)).Is(409, "slot_too_short");
        slots.Insert(1, await doctor.Slot(1));
        (await SlotsOf((await Book(patient, slots[0], type)).Is(201).Id)).ShouldBe(slots);
    }

    [Fact]
    public async Task The_desk_books_no_patient_twice_in_the_second_half_of_a_long_visit()
    {
        var (type, single) = (await Server.NewVisitType(60), await Server.NewVisitType(30));
        var ((_, slots), (_, others)) = (await Day(2, type), await Day(2, single));
        var patient = await Server.User("patient");
        var staff = await Server.User("staff");
        (await Book(patient, others[1], single)).Is(201);
        var refused = (await staff.Http.Post("/api/desk/bookings",
            new { patient_id = patient.Id, slot_id = slots[0], visit_type_id = type }))
            .Is(409, "bookings_of_a_patient_do_not_overlap");
        refused.Body.GetProperty("bookings").EnumerateArray().Single().GetProperty("slot_id").GetGuid()
            .ShouldBe(others[1]);
    }

    [Fact]
    public async Task A_visit_takes_at_most_twelve_hours()
    {
        var type = await Server.NewVisitType(700);
        var (doctor, _) = await Day(0, type);
        async Task<Guid> Publish(int hour, int hours) => (await doctor.Http.Post("/api/slots", new
        {
            starts_at = Calendar.Start.Plus(Duration.FromHours(hour)).ToString(),
            ends_at = Calendar.Start.Plus(Duration.FromHours(hour + hours)).ToString(),
        })).Is(201).Id;
        var tooLong = await Publish(0, 5);
        foreach (var hour in new[] { 5, 10 }) await Publish(hour, 5);
        var fits = await Publish(15, 6);
        await Publish(21, 6);
        var patient = await Server.User("patient");
        (await Book(patient, tooLong, type)).Is(409, "slot_too_short");
        (await Book(patient, fits, type)).Is(201);
    }
}
