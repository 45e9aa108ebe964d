using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Scheduling.Bookings.Reserving;

/// <summary>A server on which every rule about a slot can be broken: small limits, verified doctors only.</summary>
public sealed class StrictServerFixture(TestCluster cluster) : ServerFixture(cluster)
{
    protected override string[] Settings => ["--Doctors:RequireVerification=true", "--Scheduling:SweepSeconds=3600",
        "--Limits:OpenBookingsPerPatient=2", "--Limits:OpenBookingsPerPatientAndDoctor=2",
        "--Limits:CancellationsPerPatient=1"];
}

/// <summary>Every route that gives a patient a slot judges by the same rules in the same order.</summary>
public sealed class BookabilityTests(StrictServerFixture fixture) : IClassFixture<StrictServerFixture>
{
    const string NoDoctor = "no_doctor_is_free", NotBookable = "doctor_is_not_bookable";

    /// <summary>The rules from the last one judged to the first, each with the statement that breaks it after
    /// <see cref="Scene"/>.</summary>
    static readonly (string Code, bool OfPatient, string Break)[] Rules = [
        ("cool_down_after_cancellations", true, """
            insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at, status,
                   cancelled_by)
            select gen_random_uuid(), id, doctor_id, patient, starts_at, ends_at, 'cancelled', 'patient'
              from scene join scheduling.slots on id = slot
            """),
        ("too_many_open_bookings", true, """
            insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at)
            select gen_random_uuid(), id, doctor_id, patient, starts_at, ends_at
              from scene join scheduling.slots on doctor_id = elsewhere
             where booking_id is null order by starts_at limit 2
            """),
        ("bookings_of_a_patient_do_not_overlap", true, """
            insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at)
            select gen_random_uuid(), o.id, o.doctor_id, patient, s.starts_at, s.ends_at
              from scene join scheduling.slots s on s.id = slot
              cross join lateral (select * from scheduling.slots where doctor_id = elsewhere
                                   order by starts_at desc limit 1) o
            """),
        ("slot_is_held", false, """
            update scheduling.slots set held_by = gen_random_uuid(), held_until = now() + interval '1 hour'
              from scene where id = slot
            """),
        ("minimum_notice", false, """
            update scheduling.slots set bookable_until = now() - interval '1 minute' from scene where id = slot
            """),
        ("one_active_booking_per_slot", false, """
            , b as (
                insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at)
                select gen_random_uuid(), id, doctor_id, gen_random_uuid(), starts_at, ends_at
                  from scene join scheduling.slots on id = slot returning *)
            update scheduling.slots s set booking_id = b.id, held_by = null, held_until = null
              from b where s.id = b.slot_id
            """),
        ("slot_has_started", false, """
            update scheduling.slots set starts_at = now() - interval '1 minute', ends_at = now() + interval '20 minutes'
              from scene where id = slot
            """),
        ("slot_is_closed", false, """
            update scheduling.slots set closed_at = now(), booking_id = null from scene where id = slot
            """),
        (NotBookable, false, """
            update identity.users u set suspended_at = now()
              from scene join scheduling.slots s on s.id = slot where u.id = s.doctor_id
            """),
    ];

    const string Scene =
        "with scene as (select $1::uuid as slot, $2::uuid as patient, $3::uuid as elsewhere) ";

    TestServer Server => fixture.Server;

    [Theory]
    [InlineData(SlotRoutes.Book)]
    [InlineData(SlotRoutes.Hold)]
    [InlineData(SlotRoutes.Move)]
    [InlineData(SlotRoutes.Series)]
    [InlineData(SlotRoutes.Accept)]
    [InlineData(SlotRoutes.Any)]
    public async Task Each_route_names_the_first_broken_rule(string route)
    {
        var scene = await SlotScene.Make(Server);
        // Slots for the bookings of the statements above.
        for (var n = 0; n < 3; n++) await scene.Elsewhere.Slot(300 + n);
        var ask = await SlotRoutes.Prepare(route, scene);
        foreach (var (code, ofPatient, breakRule) in Rules)
        {
            await Break(scene, breakRule);
            (await ask()).ShouldBe(Expected(route, code, ofPatient), code);
        }
    }

    /// <summary>"Any doctor" passes over a slot that nobody may have. An offer is a hold of its patient, so a slot that
    /// somebody else holds or has booked is not on offer any more.</summary>
    static string Expected(string route, string code, bool ofPatient) => route switch
    {
        SlotRoutes.Any when !ofPatient => NoDoctor,
        SlotRoutes.Accept when !ofPatient => "offer_is_over",
        _ => code,
    };

    [Theory]
    [InlineData("minimum_notice")]
    [InlineData("one_active_booking_per_slot")]
    [InlineData("slot_has_started")]
    [InlineData("slot_is_closed")]
    [InlineData(NotBookable)]
    public async Task Accepting_an_offer_names_the_broken_rule_of_its_slot(string code)
    {
        var scene = await SlotScene.Make(Server);
        var accept = await SlotRoutes.Prepare(SlotRoutes.Accept, scene);
        await Break(scene, Rules.Single(r => r.Code == code).Break);
        await Server.Owner.Statement("""
            update scheduling.slots set held_by = $2, held_until = now() + interval '1 hour' where id = $1
            """).With(scene.Slot).With(scene.Patient.Id).Execute();
        (await accept()).ShouldBe(code);
    }

    public static TheoryData<string, string> RoutesAndReasons() => new(
        from route in new[] { SlotRoutes.Book, SlotRoutes.Hold, SlotRoutes.Move, SlotRoutes.Series, SlotRoutes.Accept,
            SlotRoutes.Any, SlotRoutes.Join }
        from reason in new[] { "suspended_at = now()", "role = 'patient'", "deletion_due_at = now()", "" }
        select (route, reason));

    [Theory]
    [MemberData(nameof(RoutesAndReasons))]
    public async Task A_doctor_who_may_not_practise_is_not_bookable_on_any_route(string route, string account)
    {
        var scene = await SlotScene.Make(Server);
        var ask = await SlotRoutes.Prepare(route, scene);
        await EndPractice(scene.Doctor, account);
        (await ask()).ShouldBe(route == SlotRoutes.Any ? NoDoctor : NotBookable);
    }

    [Theory]
    [InlineData("suspended_at = now()")]
    [InlineData("role = 'patient'")]
    [InlineData("deletion_due_at = now()")]
    [InlineData("")]
    public async Task A_doctor_who_may_not_practise_is_not_shown_anywhere(string account)
    {
        var scene = await SlotScene.Make(Server);
        var anybody = Server.Anonymous();
        string[] pages = ["", "/slots", "/slots?from=2020-01-01", "/policy",
            $"/explanation?at={Calendar.Start}"];
        var waiting = await Server.User("patient");
        (await waiting.Http.Post("/api/waitlist", new
        {
            specialization = scene.Specialization, to = Calendar.Start.ToString(),
        })).Is(201);
        await EndPractice(scene.Doctor, account);
        foreach (var page in pages) (await anybody.Get($"/api/doctors/{scene.Doctor.Id}{page}")).Is(404, "not_found");
        (await scene.Patient.Book(await Taken(scene))).Body.GetProperty("alternatives").EnumerateArray()
            .ShouldNotContain(slot => slot.GetProperty("doctor_id").GetGuid() == scene.Doctor.Id);
        await Server.Owner.Statement("""
            update scheduling.waitlist_entries set starts_until = now() + interval '30 days',
                   looked_at = now() - interval '1 minute' where patient_id = $1
            """).With(waiting.Id).Execute();
        await Server.PassOn();
        (await waiting.Http.Get("/api/waitlist")).Is(200).All("status").ShouldBe(["waiting"]);
    }

    [Fact]
    public async Task A_former_doctor_cannot_book_a_slot_of_their_own()
    {
        var scene = await SlotScene.Make(Server);
        await Server.Owner.Statement("update identity.users set role = 'patient' where id = $1").With(scene.Doctor.Id)
            .Execute();
        var now = scene with { Patient = await Server.Again(scene.Doctor, "patient") };
        foreach (var route in new[] { SlotRoutes.Book, SlotRoutes.Hold, SlotRoutes.Series, SlotRoutes.Join })
            (await (await SlotRoutes.Prepare(route, now))()).ShouldBe("nobody_books_themself", route);
    }

    [Fact]
    public async Task A_suspended_patient_is_passed_over_and_holds_nothing()
    {
        var (doctor, suspended, next) = (await Server.Doctor(), await Server.User("patient"),
            await Server.User("patient"));
        var (held, offered) = (await doctor.Slot(1), await doctor.Slot(2));
        (await suspended.Http.Post($"/api/slots/{held}/hold")).Is(201);
        foreach (var patient in new[] { suspended, next })
            (await patient.Http.Post("/api/waitlist", new
            {
                doctor_id = doctor.Id, to = Calendar.Start.Plus(NodaTime.Duration.FromDays(1)).ToString(),
            })).Is(201);
        await Server.Owner.Statement("update identity.users set suspended_at = now() where id = $1")
            .With(suspended.Id).Execute();
        await Server.PassOn();
        (await Server.Owner.Statement("select count(*) from scheduling.slots where held_by = $1").With(suspended.Id)
            .Value<long>()).ShouldBe(0);
        (await Server.Owner.Statement("select held_by from scheduling.slots where id = any($1) and held_by is not null")
            .With(new[] { held, offered }).List(row => row.GetGuid(0))).ShouldBe([next.Id]);
    }

    Task Break(SlotScene scene, string rule) => Server.Owner.Statement(Scene + rule).With(scene.Slot)
        .With(scene.Patient.Id).With(scene.Elsewhere.Id).Execute();

    static async Task<Guid> Taken(SlotScene scene)
    {
        var slot = await scene.Elsewhere.Slot(1);
        (await (await scene.Server.User("patient")).Book(slot)).Is(201);
        return slot;
    }

    /// <param name="account">The change of the account; empty takes the verification away.</param>
    Task EndPractice(TestUser doctor, string account) => Server.Owner.Statement(account.Length > 0
        ? $"update identity.users set {account} where id = $1"
        : "update doctors.profiles set verified_at = null where id = $1").With(doctor.Id).Execute();
}
