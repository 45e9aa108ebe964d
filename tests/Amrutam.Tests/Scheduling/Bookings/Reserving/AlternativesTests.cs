using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Scheduling.Bookings.Reserving;

public sealed class AlternativesTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task A_refusal_names_the_nearest_slots_of_the_same_doctor_and_then_of_the_specialization()
    {
        var (doctor, colleague, stranger) = (await Server.Doctor(specialization: "Vamana"),
            await Server.Doctor(specialization: "vamana"), await Server.Doctor(specialization: "Netra"));
        var (patient, other) = (await Server.User("patient"), await Server.User("patient"));
        var taken = await doctor.Slot(10);
        var (before, far) = (await doctor.Slot(8), await doctor.Slot(14));
        var (near, nearer) = (await colleague.Slot(12), await colleague.Slot(10));
        await stranger.Slot(10);
        (await other.Book(taken)).Is(201);
        var refused = (await patient.Book(taken)).Is(409, "one_active_booking_per_slot");
        Offered(refused).ShouldBe([before, far, nearer]);
        refused.Body.GetProperty("alternatives")[2].GetProperty("doctor_id").GetGuid().ShouldBe(colleague.Id);
        (await doctor.Http.Delete("/api/slots/" + before)).Is(204);
        Offered((await patient.Book(before)).Is(409, "slot_is_closed")).ShouldBe([far, nearer, near]);
    }

    [Fact]
    public async Task A_held_slot_a_move_and_a_hold_are_helped_too()
    {
        var doctor = await Server.Doctor(specialization: "Shalya");
        var (patient, holder) = (await Server.User("patient"), await Server.User("patient"));
        var (held, own, free) = (await doctor.Slot(20), await doctor.Slot(24), await doctor.Slot(22));
        (await holder.Http.Post($"/api/slots/{held}/hold")).Is(201);
        var booked = (await patient.Book(own)).Is(201);
        Offered((await patient.Book(held)).Is(409, "slot_is_held")).ShouldBe([free]);
        var move = await patient.Http.Post($"/api/bookings/{booked.Id}/move", new { slot_id = held });
        Offered(move.Is(409, "slot_is_held")).ShouldBe([free]);
        Offered((await patient.Http.Post($"/api/slots/{held}/hold")).Is(409)).ShouldBe([free]);
    }

    [Fact]
    public async Task A_key_keeps_the_refusal_word_for_word()
    {
        var doctor = await Server.Doctor(specialization: "Kaya");
        var (patient, other) = (await Server.User("patient"), await Server.User("patient"));
        var (taken, free) = (await doctor.Slot(0), await doctor.Slot(2));
        (await other.Book(taken)).Is(201);
        var refused = (await patient.Book(taken, "k")).Is(409);
        (await other.Book(free)).Is(201);
        (await patient.Book(taken, "k")).Is(409).Text.ShouldBe(refused.Text);
    }

    static IEnumerable<Guid> Offered(Reply refusal) =>
        refusal.Body.GetProperty("alternatives").EnumerateArray().Select(slot => slot.GetProperty("id").GetGuid());
}
