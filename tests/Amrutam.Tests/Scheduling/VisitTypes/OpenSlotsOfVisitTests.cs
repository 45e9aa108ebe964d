using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Scheduling.VisitTypes;

public sealed class OpenSlotsOfVisitTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    Task<Reply> Open(TestUser doctor, Guid type) =>
        Server.Anonymous().Get($"/api/doctors/{doctor.Id}/slots?visit_type_id={type}");

    [Fact]
    public async Task Only_slots_at_which_the_visit_fits_are_listed_with_its_price()
    {
        var (type, doctor) = (await Server.NewVisitType(60), await Server.Doctor());
        var slots = new List<Guid>();
        for (var i = 0; i < 5; i++) slots.Add(await doctor.Slot(i));
        (await doctor.OfferKinds(new { visit_type_id = type, fee_minor = 91_000 })).Is(200);
        var patient = await Server.User("patient");
        (await patient.Http.Post($"/api/slots/{slots[3]}/hold")).Is(201);
        var open = (await Open(doctor, type)).Is(200);
        open.Ids().ShouldBe(slots[..2]);
        open.Items.ShouldAllBe(slot => slot.GetProperty("visit_type").GetProperty("fee_minor").GetInt32() == 91_000);
        (await Server.Anonymous().Get($"/api/doctors/{doctor.Id}/slots")).Is(200).Text.ShouldNotContain("visit_type");
    }

    [Fact]
    public async Task A_kind_that_is_not_offered_has_no_slots()
    {
        var (type, doctor) = (await Server.NewVisitType(), await Server.Doctor());
        var slot = await doctor.Slot();
        (await Open(doctor, type)).Is(200).Items.ShouldBeEmpty();
        (await doctor.OfferKinds(type)).Is(200);
        (await Open(doctor, type)).Is(200).Ids().ShouldBe([slot]);
        await Server.ChangeVisitType(type, new { active = false });
        (await Open(doctor, type)).Is(200).Items.ShouldBeEmpty();
        (await Server.Anonymous().Get($"/api/doctors/{Guid.CreateVersion7()}/slots?visit_type_id={type}")).Is(404);
    }

    [Fact]
    public async Task A_slot_within_the_notice_of_the_kind_is_not_listed()
    {
        var (type, doctor) = (await Server.NewVisitType(30, ("minimum_notice_minutes", 4 * 24 * 60)),
            await Server.Doctor());
        await doctor.Slot();
        (await doctor.OfferKinds(type)).Is(200);
        (await Open(doctor, type)).Is(200).Items.ShouldBeEmpty();
    }
}
