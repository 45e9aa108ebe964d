using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Scheduling.VisitTypes;

public sealed class OfferTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task A_doctor_offers_kinds_with_an_own_price_and_length()
    {
        var (doctor, long_, short_) = (await Server.Doctor(), await Server.NewVisitType(45),
            await Server.NewVisitType(15, ("fee_minor", 30_000)));
        var offered = (await doctor.OfferKinds(new { visit_type_id = short_ },
            new { visit_type_id = long_, minutes = 60, fee_minor = 90_000 })).Is(200);
        offered.All("visit_type_id").ShouldBe([short_.ToString(), long_.ToString()]);
        offered.All("minutes").ShouldBe(["15", "60"]);
        offered.All("fee_minor").ShouldBe(["30000", "90000"]);
        offered.All("is_default").ShouldBe(["True", "False"]);
        (await doctor.Http.Get("/api/doctors/visit-types")).Is(200).Text.ShouldBe(offered.Text);
        (await Server.Anonymous().Get($"/api/doctors/{doctor.Id}/visit-types")).Is(200).Text.ShouldBe(offered.Text);
    }

    [Fact]
    public async Task A_replacement_leaves_only_the_new_kinds_and_is_an_event()
    {
        var (doctor, one, other) = (await Server.Doctor(), await Server.NewVisitType(), await Server.NewVisitType());
        (await doctor.OfferKinds(one, other)).Is(200);
        (await doctor.OfferKinds(other)).Is(200).All("visit_type_id").ShouldBe([other.ToString()]);
        (await doctor.OfferKinds(Array.Empty<Guid>())).Is(200).Items.ShouldBeEmpty();
        (await Server.Owner.Statement("""
            select count(*) from audit.events where entity_id = $1 and action = 'visit_types.offered'
            """).With(doctor.Id).Value<long>()).ShouldBe(3);
    }

    [Fact]
    public async Task The_default_is_the_first_kind_that_patients_can_book()
    {
        var (doctor, withdrawn, forStaff, forPatients) = (await Server.Doctor(), await Server.NewVisitType(),
            await Server.NewVisitType(30, ("bookable_by", "staff")), await Server.NewVisitType());
        (await doctor.OfferKinds(withdrawn, forStaff, forPatients)).Is(200).All("is_default")
            .ShouldBe(["True", "False", "False"]);
        await Server.ChangeVisitType(withdrawn, new { active = false });
        var own = (await doctor.Http.Get("/api/doctors/visit-types")).Is(200);
        own.All("is_default").ShouldBe(["False", "False", "True"]);
        own.All("active").ShouldBe(["False", "True", "True"]);
        (await Server.Anonymous().Get($"/api/doctors/{doctor.Id}/visit-types")).Is(200).All("visit_type_id")
            .ShouldBe([forStaff.ToString(), forPatients.ToString()]);
    }

    [Fact]
    public async Task An_offer_that_is_wrong_names_its_item()
    {
        var (doctor, type, withdrawn) = (await Server.Doctor(),
            await Server.NewVisitType(30, ("buffer_after_minutes", 20)), await Server.NewVisitType());
        await Server.ChangeVisitType(withdrawn, new { active = false });
        async Task Refused(string field, params object[] items) =>
            (await doctor.OfferKinds(items)).Is(422).Body.GetProperty("errors").TryGetProperty(field, out _)
                .ShouldBeTrue(field);
        (await doctor.OfferKinds(Guid.CreateVersion7())).Is(409, "visit_type_not_offered");
        (await doctor.OfferKinds(type, withdrawn)).Is(409, "visit_type_not_offered");
        await Refused("items[1].visit_type_id", new { visit_type_id = type }, new { visit_type_id = type });
        await Refused("items[0].minutes", new { visit_type_id = type, minutes = 4 });
        await Refused("items[0].minutes", new { visit_type_id = type, minutes = 701 });
        await Refused("items[0].fee_minor", new { visit_type_id = type, fee_minor = -1 });
        await Refused("items", [.. Enumerable.Range(0, 51).Select(_ => new { visit_type_id = Guid.CreateVersion7() })]);
        (await doctor.Http.Get("/api/doctors/visit-types")).Is(200).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_doctor_without_a_profile_offers_nothing()
    {
        (await (await Server.User("doctor")).OfferKinds(await Server.NewVisitType())).Is(409, "doctor_has_no_profile");
        (await Server.Anonymous().Get($"/api/doctors/{Guid.CreateVersion7()}/visit-types")).Is(404);
    }
}
