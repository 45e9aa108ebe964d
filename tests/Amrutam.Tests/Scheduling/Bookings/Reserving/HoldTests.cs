using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Scheduling.Bookings.Reserving;

public sealed class HoldTests(ServerFixture fixture, TestCluster cluster) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task A_held_slot_is_for_its_holder_alone_who_books_it()
    {
        var (doctor, holder, other) = (await Server.Doctor(), await Server.User("patient"),
            await Server.User("patient"));
        var slot = await doctor.Slot();
        var hold = (await holder.Http.Post($"/api/slots/{slot}/hold")).Is(201);
        hold["slot_id"].ShouldBe(slot.ToString());
        (hold.Body.GetProperty("expires_at").GetDateTimeOffset() - TimeProvider.System.GetUtcNow()).TotalMinutes
            .ShouldBeInRange(4.8, 5.1);
        (await other.Book(slot)).Is(409, "slot_is_held");
        (await other.Http.Post($"/api/slots/{slot}/hold")).Is(409, "slot_is_held");
        (await Listed(doctor)).ShouldBeEmpty();
        (await holder.Http.Post($"/api/slots/{slot}/hold")).Is(201)["expires_at"].ShouldBe(hold["expires_at"]);
        (await holder.Book(slot)).Is(201);
        (await holder.Http.Delete($"/api/slots/{slot}/hold")).Is(404);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task A_hold_that_is_over_blocks_nothing_though_no_job_has_run()
    {
        var (doctor, holder, other) = (await Server.Doctor(), await Server.User("patient"),
            await Server.User("patient"));
        var (slot, second) = (await doctor.Slot(0), await doctor.Slot(1));
        foreach (var id in new[] { slot, second })
        {
            (await holder.Http.Post($"/api/slots/{id}/hold")).Is(201);
            await Server.EndHold(id);
        }
        (await Listed(doctor)).ShouldBe([slot, second]);
        (await other.Book(slot)).Is(201);
        (await other.Http.Post($"/api/slots/{second}/hold")).Is(201);
        (await holder.Book(second)).Is(409, "slot_is_held");
    }

    [Fact]
    public async Task A_hold_is_released_by_its_holder_alone()
    {
        var (doctor, holder, other) = (await Server.Doctor(), await Server.User("patient"),
            await Server.User("patient"));
        var slot = await doctor.Slot();
        (await holder.Http.Post($"/api/slots/{slot}/hold")).Is(201);
        (await other.Http.Delete($"/api/slots/{slot}/hold")).Is(404);
        (await doctor.Http.Delete($"/api/slots/{slot}/hold")).Is(403);
        (await holder.Http.Delete($"/api/slots/{slot}/hold")).Is(204);
        (await holder.Http.Delete($"/api/slots/{slot}/hold")).Is(404);
        (await other.Book(slot)).Is(201);
        (await holder.Http.Post($"/api/slots/{slot}/hold")).Is(409, "one_active_booking_per_slot");
        (await holder.Http.Post($"/api/slots/{Guid.CreateVersion7()}/hold")).Is(404);
    }

    [Fact]
    public async Task A_patient_holds_a_few_slots_and_not_more()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase(), "--Limits:HoldsPerPatient=2");
        var (doctor, patient) = (await server.Doctor(), await server.User("patient"));
        var slots = new[] { await doctor.Slot(0), await doctor.Slot(1), await doctor.Slot(2) };
        (await patient.Http.Post($"/api/slots/{slots[0]}/hold")).Is(201);
        (await patient.Http.Post($"/api/slots/{slots[1]}/hold")).Is(201);
        (await patient.Http.Post($"/api/slots/{slots[2]}/hold")).Is(422, "too_many_holds");
        await server.EndHold(slots[0]);
        (await patient.Http.Post($"/api/slots/{slots[2]}/hold")).Is(201);
        (await patient.Http.Post($"/api/slots/{slots[0]}/hold")).Is(422, "too_many_holds");
        (await patient.Book(slots[1])).Is(201);
        (await patient.Http.Post($"/api/slots/{slots[0]}/hold")).Is(201);
    }

    [Fact]
    public async Task A_key_holds_once()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var slot = await doctor.Slot();
        var first = (await patient.Http.Post($"/api/slots/{slot}/hold", key: "h")).Is(201);
        (await patient.Http.Delete($"/api/slots/{slot}/hold")).Is(204);
        var again = (await patient.Http.Post($"/api/slots/{slot}/hold", key: "h")).Is(201);
        (again.Text, again.Header("Idempotency-Replayed")).ShouldBe((first.Text, "true"));
        (await Listed(doctor)).ShouldBe([slot]);
    }

    async Task<IEnumerable<Guid>> Listed(TestUser doctor) =>
        (await Server.Anonymous().Get($"/api/doctors/{doctor.Id}/slots")).Is(200).Ids();
}
