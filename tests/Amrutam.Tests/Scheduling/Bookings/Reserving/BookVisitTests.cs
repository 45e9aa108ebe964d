using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Scheduling.Bookings.Reserving;

public sealed class BookVisitTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    static Task<Reply> Book(TestUser patient, Guid slot, Guid? type, string? key = null, int? fee = null) =>
        patient.Http.Post("/api/bookings",
            new { slot_id = slot, visit_type_id = type, expected_fee_minor = fee }, key);

    async Task<string?> HolderOf(Guid slot) => await Server.Owner
        .Statement("select booking_id::text from scheduling.slots where id = $1").With(slot).Value<string>();

    /// <summary>A doctor with half-hour slots from 0 to <paramref name="slots"/> - 1.</summary>
    async Task<(TestUser Doctor, List<Guid> Slots)> Day(int slots, params Guid[] kinds)
    {
        var doctor = await Server.Doctor();
        var made = new List<Guid>();
        for (var i = 0; i < slots; i++) made.Add(await doctor.Slot(i));
        if (kinds.Length > 0) (await doctor.OfferKinds(kinds)).Is(200);
        return (doctor, made);
    }

    [Fact]
    public async Task A_doctor_without_kinds_is_booked_as_before()
    {
        var ((_, slots), patient) = (await Day(1), await Server.User("patient"));
        var booked = (await patient.Book(slots[0])).Is(201);
        booked.Body.GetProperty("visit_type").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task A_booking_keeps_the_values_of_its_kind()
    {
        var type = await Server.NewVisitType(30, ("name", "Nadi pariksha"), ("fee_minor", 60_000));
        var ((doctor, slots), patient) = (await Day(1, type), await Server.User("patient"));
        var booked = (await Book(patient, slots[0], type, fee: 60_000)).Is(201);
        await Server.ChangeVisitType(type, new { name = "Pulse reading", fee_minor = 70_000, active = false });
        foreach (var reader in new[] { patient, doctor })
        {
            var kept = (await reader.Http.Get($"/api/bookings/{booked.Id}")).Is(200).Body.GetProperty("visit_type");
            (kept.GetProperty("id").GetGuid(), kept.GetProperty("name").GetString(),
                kept.GetProperty("minutes").GetInt32(), kept.GetProperty("mode").GetString(),
                kept.GetProperty("fee_minor").GetInt32(), kept.GetProperty("currency").GetString())
                .ShouldBe((type, "Nadi pariksha", 30, "video", 60_000, "INR"));
            (await reader.Http.Get("/api/bookings")).Is(200).Items.Single().GetProperty("visit_type")
                .GetProperty("name").GetString().ShouldBe("Nadi pariksha");
        }
        booked.Body.GetProperty("visit_type").GetProperty("name").GetString().ShouldBe("Nadi pariksha");
    }

    [Fact]
    public async Task Without_a_kind_the_default_is_booked_with_the_doctors_own_price()
    {
        var (type, other) = (await Server.NewVisitType(), await Server.NewVisitType());
        var ((doctor, slots), patient) = (await Day(2), await Server.User("patient"));
        (await doctor.OfferKinds(new { visit_type_id = type, fee_minor = 77_000 }, new { visit_type_id = other }))
            .Is(200);
        var visit = (await patient.Book(slots[0])).Is(201).Body.GetProperty("visit_type");
        (visit.GetProperty("id").GetGuid(), visit.GetProperty("fee_minor").GetInt32()).ShouldBe((type, 77_000));
    }

    [Fact]
    public async Task A_kind_that_is_not_offered_or_was_withdrawn_is_refused_by_name()
    {
        var (type, other, forStaff) = (await Server.NewVisitType(), await Server.NewVisitType(),
            await Server.NewVisitType(30, ("bookable_by", "staff")));
        var ((_, slots), patient) = (await Day(1, type, forStaff), await Server.User("patient"));
        (await Book(patient, slots[0], other)).Is(409, "visit_type_not_offered");
        (await Book(patient, slots[0], forStaff)).Is(409, "visit_type_not_offered");
        (await Book(patient, slots[0], Guid.CreateVersion7())).Is(409, "visit_type_not_offered");
        await Server.ChangeVisitType(type, new { active = false });
        (await Book(patient, slots[0], type)).Is(409, "visit_type_not_offered");
        (await HolderOf(slots[0])).ShouldBeNull();
    }

    [Fact]
    public async Task Another_price_than_expected_is_refused_with_the_present_one()
    {
        var type = await Server.NewVisitType(30, ("fee_minor", 60_000));
        var ((_, slots), patient) = (await Day(1, type), await Server.User("patient"));
        await Server.ChangeVisitType(type, new { fee_minor = 65_000 });
        var refused = (await Book(patient, slots[0], type, fee: 60_000)).Is(409, "price_has_changed");
        refused.Body.GetProperty("visit_type").GetProperty("fee_minor").GetInt32().ShouldBe(65_000);
        (await Book(patient, slots[0], type, fee: 65_000)).Is(201);
    }

    [Fact]
    public async Task A_follow_up_needs_a_recent_completed_visit_with_the_doctor()
    {
        var type = await Server.NewVisitType(30, ("first", false), ("follow_up_within_days", 30));
        var ((doctor, slots), patient) = (await Day(3, type), await Server.User("patient"));
        (await Book(patient, slots[0], type)).Is(409, "follow_up_needs_a_first_visit");
        await Server.PastVisit(doctor.Id, patient.Id, daysAgo: 40);
        (await Book(patient, slots[0], type)).Is(409, "follow_up_needs_a_first_visit");
        await Server.PastVisit((await Server.Doctor()).Id, patient.Id, daysAgo: 7);
        (await Book(patient, slots[0], type)).Is(409, "follow_up_needs_a_first_visit");
        await Server.PastVisit(doctor.Id, patient.Id, daysAgo: 5);
        (await Book(patient, slots[0], type)).Is(201);
    }

    [Fact]
    public async Task A_kind_has_its_own_notice_window_and_confirmation()
    {
        var type = await Server.NewVisitType(30, ("minimum_notice_minutes", 4 * 24 * 60));
        var strict = await Server.NewVisitType(30, ("cancellation_window_minutes", 4 * 24 * 60));
        var asked = await Server.NewVisitType(30, ("requires_confirmation", true));
        var ((_, slots), patient) = (await Day(3, type, strict, asked), await Server.User("patient"));
        (await Book(patient, slots[0], type)).Is(422, "minimum_notice");
        var booking = (await Book(patient, slots[0], strict)).Is(201).Id;
        (await patient.Http.Post($"/api/bookings/{booking}/cancellation")).Is(422, "cancellation_window_has_passed");
        (await Book(patient, slots[1], asked)).Is(201)["status"].ShouldBe("requested");
    }

    [Fact]
    public async Task A_long_visit_takes_the_slots_that_follow_and_frees_them_together()
    {
        var type = await Server.NewVisitType(75);
        var ((doctor, slots), patient) = (await Day(5, type), await Server.User("patient"));
        var booked = (await Book(patient, slots[1], type)).Is(201);
        (booked["slot_id"], booked.Header("ETag")).ShouldBe((slots[1].ToString(), "\"0\""));
        (booked.Body.GetProperty("ends_at").GetDateTimeOffset() - booked.Body.GetProperty("starts_at")
            .GetDateTimeOffset()).ShouldBe(TimeSpan.FromMinutes(90));
        foreach (var part in slots[1..4]) (await HolderOf(part)).ShouldBe(booked.Id.ToString());
        (await Server.Anonymous().Get($"/api/doctors/{doctor.Id}/slots")).Is(200).Ids()
            .ShouldBe([slots[0], slots[4]]);
        var other = await Server.User("patient");
        (await Book(other, slots[2], await Offer(doctor, type))).Is(409, "one_active_booking_per_slot");
        (await patient.Http.Post($"/api/bookings/{booked.Id}/cancellation")).Is(200);
        foreach (var part in slots[1..4]) (await HolderOf(part)).ShouldBeNull();
        (await Book(other, slots[2], null)).Is(201);
    }

    /// <summary>Lets the doctor offer a kind of one slot too, before the long one.</summary>
    async Task<Guid> Offer(TestUser doctor, Guid long_)
    {
        var type = await Server.NewVisitType(30);
        (await doctor.OfferKinds(type, long_)).Is(200);
        return type;
    }

    [Fact]
    public async Task A_long_visit_needs_adjacent_open_slots()
    {
        var (type, short_) = (await Server.NewVisitType(60), await Server.NewVisitType(30));
        var ((doctor, slots), patient) = (await Day(3, type, short_), await Server.User("patient"));
        await doctor.Slot(4);
        (await Book(patient, slots[2], type)).Is(409, "slot_too_short");
        (await Book(await Server.User("patient"), slots[1], short_)).Is(201);
        (await Book(patient, slots[0], type)).Is(409, "slot_too_short");
        (await HolderOf(slots[0])).ShouldBeNull();
        (await doctor.Http.Delete($"/api/slots/{slots[2]}")).Is(204);
        (await HolderOf(slots[2])).ShouldBeNull();
    }

    [Fact]
    public async Task A_buffer_blocks_the_neighbours()
    {
        var type = await Server.NewVisitType(30, ("buffer_before_minutes", 10), ("buffer_after_minutes", 10));
        var ((_, slots), patient) = (await Day(4, type), await Server.User("patient"));
        var booked = (await Book(patient, slots[1], type)).Is(201);
        (booked.Body.GetProperty("ends_at").GetDateTimeOffset() - booked.Body.GetProperty("starts_at")
            .GetDateTimeOffset()).ShouldBe(TimeSpan.FromMinutes(30));
        foreach (var part in slots[..3]) (await HolderOf(part)).ShouldBe(booked.Id.ToString());
        (await HolderOf(slots[3])).ShouldBeNull();
        (await Book(await Server.User("patient"), slots[3], type)).Is(409, "slot_too_short");
    }

    [Fact]
    public async Task The_same_key_books_a_long_visit_once()
    {
        var type = await Server.NewVisitType(60);
        var ((_, slots), patient) = (await Day(4, type), await Server.User("patient"));
        var first = (await Book(patient, slots[0], type, "k")).Is(201);
        var again = (await Book(patient, slots[0], type, "k")).Is(201);
        (again.Text, again.Header("Idempotency-Replayed")).ShouldBe((first.Text, "true"));
        (await Book(patient, slots[2], type, "k")).Is(422, "idempotency_key_reused");
    }

    [Fact]
    public async Task A_patient_with_another_visit_in_the_second_half_is_refused()
    {
        var type = await Server.NewVisitType(60);
        var ((_, slots), patient) = (await Day(2, type), await Server.User("patient"));
        var (_, others) = await Day(2);
        (await patient.Book(others[1])).Is(201);
        (await Book(patient, slots[0], type)).Is(409, "bookings_of_a_patient_do_not_overlap");
        (await HolderOf(slots[0])).ShouldBeNull();
    }

    [Fact]
    public async Task A_long_visit_moves_with_all_its_slots()
    {
        var type = await Server.NewVisitType(60);
        var ((_, slots), patient) = (await Day(5, type), await Server.User("patient"));
        var booked = (await Book(patient, slots[0], type)).Is(201);
        (await patient.Http.Post($"/api/bookings/{booked.Id}/move", new { slot_id = slots[4] }))
            .Is(409, "slot_too_short");
        await Server.ChangeVisitType(type, new { active = false, fee_minor = 1 });
        var moved = (await patient.Http.Post($"/api/bookings/{booked.Id}/move", new { slot_id = slots[2] })).Is(200);
        moved.Body.GetProperty("visit_type").GetProperty("fee_minor").GetInt32().ShouldBe(50_000);
        foreach (var part in slots[..2]) (await HolderOf(part)).ShouldBeNull();
        foreach (var part in slots[2..4]) (await HolderOf(part)).ShouldBe(booked.Id.ToString());
    }

    [Fact]
    public async Task A_long_request_that_expired_blocks_none_of_its_slots()
    {
        var (type, short_) = (await Server.NewVisitType(60, ("requires_confirmation", true)),
            await Server.NewVisitType(30));
        var ((doctor, slots), patient) = (await Day(2, type, short_), await Server.User("patient"));
        var booked = (await Book(patient, slots[0], type)).Is(201);
        booked["status"].ShouldBe("requested");
        await Server.Owner.Statement("""
            with b as (update scheduling.bookings set expires_at = now() - interval '1 second' where id = $1)
            update scheduling.slots set held_until = now() - interval '1 second' where booking_id = $1
            """).With(booked.Id).Execute();
        (await Book(await Server.User("patient"), slots[1], short_)).Is(201);
        (await doctor.Http.Post($"/api/bookings/{booked.Id}/acceptance")).Is(409);
    }

    [Fact]
    public async Task A_long_request_that_is_accepted_keeps_its_slots()
    {
        var type = await Server.NewVisitType(60, ("requires_confirmation", true));
        var ((doctor, slots), patient) = (await Day(2, type), await Server.User("patient"));
        var booked = (await Book(patient, slots[0], type)).Is(201);
        (await doctor.Http.Post($"/api/bookings/{booked.Id}/acceptance")).Is(200);
        (await Server.Owner.Statement("""
            select count(*) from scheduling.slots where booking_id = $1 and held_by is null and held_until is null
            """).With(booked.Id).Value<long>()).ShouldBe(2);
    }

    [Fact]
    public async Task Time_off_cancels_a_long_visit_that_it_meets_at_its_end()
    {
        var type = await Server.NewVisitType(60);
        var ((doctor, slots), patient) = (await Day(2, type), await Server.User("patient"));
        var booked = (await Book(patient, slots[0], type)).Is(201);
        var (from, to) = (Calendar.Start.Plus(NodaTime.Duration.FromMinutes(40)),
            Calendar.Start.Plus(NodaTime.Duration.FromMinutes(50)));
        (await doctor.Leave(from.ToString(), to.ToString(), "cancel")).Is(201).Ids("bookings_cancelled")
            .ShouldBe([booked.Id]);
        foreach (var part in slots) (await HolderOf(part)).ShouldBeNull();
    }

    [Fact]
    public async Task Any_doctor_is_one_who_offers_the_kind_and_has_the_time()
    {
        var (specialization, type) = ("Kind " + Guid.CreateVersion7().ToString("N")[20..],
            await Server.NewVisitType(60));
        var (without, tooShort, suits) = (await Server.Doctor(specialization: specialization),
            await Server.Doctor(specialization: specialization), await Server.Doctor(specialization: specialization));
        foreach (var doctor in new[] { without, tooShort, suits }) await doctor.Slot(0);
        await suits.Slot(1);
        foreach (var doctor in new[] { tooShort, suits }) (await doctor.OfferKinds(type)).Is(200);
        var patient = await Server.User("patient");
        var booked = (await patient.Http.Post("/api/bookings",
            new { specialization, starts_at = Calendar.Start.ToString(), visit_type_id = type }, "any")).Is(201);
        booked["doctor_id"].ShouldBe(suits.Id.ToString());
        booked.Body.GetProperty("chosen").GetProperty("doctors_free").GetInt64().ShouldBe(1);
    }

    [Fact]
    public async Task A_series_is_of_one_kind()
    {
        var type = await Server.NewVisitType(60);
        var doctor = await Server.Doctor();
        (await doctor.Offer(Availability.Daily("09:00", "10:00"), horizon: 30)).Is(200);
        (await doctor.OfferKinds(type)).Is(200);
        var slot = await doctor.SlotAt(Availability.Ahead(2), "09:00");
        var patient = await Server.User("patient");
        var series = (await patient.Http.Post("/api/bookings/series",
            new { slot_id = slot, occurrences = 3, visit_type_id = type })).Is(201);
        var bookings = series.Body.GetProperty("bookings").EnumerateArray().ToList();
        bookings.Count.ShouldBe(3);
        bookings.ShouldAllBe(b => b.GetProperty("visit_type").GetProperty("id").GetGuid() == type);
        (await doctor.OpenOn(Availability.Ahead(9))).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_event_of_a_visit_has_the_id_of_its_kind_alone()
    {
        var type = await Server.NewVisitType(60, ("name", "Panchakarma talk"));
        var ((_, slots), patient) = (await Day(2, type), await Server.User("patient"));
        var booked = (await Book(patient, slots[0], type)).Is(201);
        var details = await Server.Owner.Statement("""
            select details::text from audit.events where entity_id = $1 and action = 'bookings.booked'
            """).With(booked.Id).Value<string>();
        details!.ShouldContain(type.ToString());
        details!.ShouldNotContain("Panchakarma");
    }
}
