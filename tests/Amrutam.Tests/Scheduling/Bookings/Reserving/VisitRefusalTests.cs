using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using NodaTime;

namespace Amrutam.Tests.Scheduling.Bookings.Reserving;

/// <summary>Every route that books a visit of a kind refuses by the same names.</summary>
public sealed class VisitRefusalTests(ServerFixture fixture, TestCluster cluster) : IClassFixture<ServerFixture>
{
    const string Book = "book", Series = "series", Accept = "accept an offer", Any = "any doctor", Desk = "desk",
        WalkIn = "walk-in", Move = "move to another doctor";

    static readonly string[] Routes = [Book, Series, Accept, Any, Desk, WalkIn, Move];

    TestServer Server => fixture.Server;

    public static TheoryData<string> EveryRoute => [.. Routes];

    /// <summary>Prepares a call of the route for a visit of the kind. The doctor offers it.</summary>
    async Task<Func<int?, Task<Reply>>> Prepare(string route, Guid type, TestUser doctor, TestUser patient,
        string specialization)
    {
        var staff = await Server.User("staff");
        var slot = route == WalkIn ? await Server.SlotIn(doctor, 30) : await doctor.Slot();
        switch (route)
        {
            case Book:
                return fee => patient.Http.Post("/api/bookings",
                    new { slot_id = slot, visit_type_id = type, expected_fee_minor = fee });
            case Series:
                return fee => patient.Http.Post("/api/bookings/series",
                    new { slot_id = slot, occurrences = 2, visit_type_id = type, expected_fee_minor = fee });
            case Accept:
                var entry = (await patient.Http.Post("/api/waitlist", new
                {
                    doctor_id = doctor.Id, to = Calendar.Start.Plus(Duration.FromDays(1)).ToString(),
                })).Is(201).Id;
                return fee => patient.Http.Post($"/api/waitlist/{entry}/acceptance",
                    new { visit_type_id = type, expected_fee_minor = fee });
            case Any:
                return fee => patient.Http.Post("/api/bookings", new
                {
                    specialization, starts_at = Calendar.Start.ToString(), visit_type_id = type,
                    expected_fee_minor = fee,
                });
            case Desk:
                return fee => staff.Http.Post("/api/desk/bookings", new
                {
                    patient_id = patient.Id, slot_id = slot, visit_type_id = type, expected_fee_minor = fee,
                });
            case WalkIn:
                return fee => staff.Http.Post("/api/desk/walk-ins", new
                {
                    patient_id = patient.Id, doctor_id = doctor.Id, visit_type_id = type, expected_fee_minor = fee,
                });
            default:
                var former = await Server.Doctor();
                (await former.OfferKinds(type)).Is(200);
                await Server.PastVisit(former.Id, patient.Id, daysAgo: 3);
                var booking = (await patient.Http.Post("/api/bookings",
                    new { slot_id = await former.Slot(4), visit_type_id = type })).Is(201).Id;
                return fee => patient.Http.Post($"/api/bookings/{booking}/move",
                    new { slot_id = slot, to_other_doctor = true, expected_fee_minor = fee });
        }
    }

    async Task<(Func<int?, Task<Reply>> Ask, Guid Type, TestUser Doctor, TestUser Patient)> Scene(string route,
        params (string Member, object? Value)[] type)
    {
        var (specialization, kind) = ("V" + Guid.CreateVersion7().ToString("n"), await Server.NewVisitType(5, type));
        var doctor = await Server.Doctor(route == WalkIn ? Today.ZoneAtNoon : "Asia/Kolkata", specialization);
        (await doctor.OfferKinds(kind)).Is(200);
        var patient = await Server.User("patient");
        return (await Prepare(route, kind, doctor, patient, specialization), kind, doctor, patient);
    }

    /// <summary>The problem of the answer; of a series, that of its first visit.</summary>
    static string? Code(Reply reply) => reply.Code != "series_is_not_possible" ? reply.Code
        : reply.Body.GetProperty("report")[0].GetProperty("outcome").GetString();

    [Theory]
    [MemberData(nameof(EveryRoute))]
    public async Task A_kind_that_was_withdrawn_is_refused_by_name(string route)
    {
        var (ask, type, _, _) = await Scene(route);
        await Server.ChangeVisitType(type, new { active = false });
        Code(await ask(null)).ShouldBe("visit_type_not_offered");
    }

    [Theory]
    [MemberData(nameof(EveryRoute))]
    public async Task A_kind_that_the_doctor_does_not_offer_is_refused_by_name(string route)
    {
        var (ask, _, doctor, _) = await Scene(route);
        (await doctor.OfferKinds(await Server.NewVisitType())).Is(200);
        Code(await ask(null)).ShouldBe("visit_type_not_offered");
    }

    [Theory]
    [MemberData(nameof(EveryRoute))]
    public async Task A_follow_up_without_a_first_visit_is_refused_by_name(string route)
    {
        var (ask, _, doctor, patient) = await Scene(route, ("first", false));
        Code(await ask(null)).ShouldBe("follow_up_needs_a_first_visit");
        await Server.PastVisit(doctor.Id, patient.Id, daysAgo: 5);
        Code(await ask(null)).ShouldNotBe("follow_up_needs_a_first_visit");
    }

    [Theory]
    [MemberData(nameof(EveryRoute))]
    public async Task Another_price_than_expected_is_refused_with_the_present_one(string route)
    {
        var (ask, type, _, _) = await Scene(route, ("fee_minor", 60_000));
        await Server.ChangeVisitType(type, new { fee_minor = 65_000 });
        var refused = (await ask(60_000)).Is(409, "price_has_changed");
        refused.Body.GetProperty("fee_minor").GetInt32().ShouldBe(65_000);
        refused.Body.GetProperty("visit_type").GetProperty("id").GetGuid().ShouldBe(type);
        Code(await ask(65_000)).ShouldNotBe("price_has_changed");
    }

    [Fact]
    public async Task A_doctor_without_kinds_has_the_price_of_the_profile()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        (await doctor.Http.Patch("/api/doctors/profile", new { fee_minor = 70_000 })).Is(200);
        var slot = await doctor.Slot();
        var refused = (await patient.Http.Post("/api/bookings", new { slot_id = slot, expected_fee_minor = 60_000 }))
            .Is(409, "price_has_changed");
        refused.Body.GetProperty("fee_minor").GetInt32().ShouldBe(70_000);
        refused.Text.ShouldNotContain("visit_type\"");
        (await patient.Http.Post("/api/bookings", new { slot_id = slot, expected_fee_minor = 70_000 })).Is(201);
    }

    [Fact]
    public async Task A_walk_in_takes_the_first_slot_at_which_the_visit_fits()
    {
        // Past visits that other tests write into the shared database have no events.
        await using var server = await TestServer.Start(await cluster.NewDatabase());
        var (type, doctor) = (await server.NewVisitType(10), await server.DoctorAtNoon());
        await server.SlotIn(doctor, 20);
        var suits = await server.SlotIn(doctor, 40);
        await server.Owner.Statement("""
            with made as (
                insert into scheduling.slots (id, doctor_id, starts_at, ends_at)
                select gen_random_uuid(), doctor_id, ends_at, ends_at + interval '5 minutes'
                  from scheduling.slots where id = $1
             returning id, doctor_id)
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details)
            select doctor_id, 'doctor', 'slots.published', 'slot', id, '{"count": 1}' from made
            """).With(suits).Execute();
        (await doctor.OfferKinds(type)).Is(200);
        var (staff, patient) = (await server.User("staff"), await server.User("patient"));
        var taken = (await staff.Http.Post("/api/desk/walk-ins",
            new { patient_id = patient.Id, doctor_id = doctor.Id, visit_type_id = type })).Is(201);
        (await server.Owner.Statement("select slot_id from scheduling.bookings where id = $1")
            .With(Guid.Parse(taken["booking_id"])).Value<Guid>()).ShouldBe(suits);
        await server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task Any_doctor_for_a_follow_up_is_one_whom_the_patient_has_seen()
    {
        var (specialization, type) = ("F" + Guid.CreateVersion7().ToString("n"),
            await Server.NewVisitType(30, ("first", false)));
        var patient = await Server.User("patient");
        TestUser[] doctors = [await Server.Doctor(specialization: specialization),
            await Server.Doctor(specialization: specialization), await Server.Doctor(specialization: specialization)];
        foreach (var doctor in doctors)
        {
            await doctor.Slot();
            (await doctor.OfferKinds(type)).Is(200);
        }
        await Server.PastVisit(doctors[1].Id, patient.Id, daysAgo: 9);
        (await patient.Http.Post("/api/bookings",
            new { specialization, starts_at = Calendar.Start.ToString(), visit_type_id = type })).Is(201)["doctor_id"]
            .ShouldBe(doctors[1].Id.ToString());
    }
}
