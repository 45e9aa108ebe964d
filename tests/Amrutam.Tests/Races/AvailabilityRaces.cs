using Amrutam.Analytics;
using Amrutam.Platform.Data;
using Amrutam.Platform.EventLog;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;
using static Amrutam.Tests.Support.Calendars.Availability;

namespace Amrutam.Tests.Races;

public sealed class AvailabilityRaces(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    TestServer Server => fixture.Server;

    [Fact]
    public async Task Leave_against_booking_has_one_winner()
    {
        for (var round = 0; round < 15; round++)
        {
            var (doctor, patients) = await DoctorAndPatients();
            var slots = await Slots(doctor);
            var replies = await Task.WhenAll([.. patients.Zip(slots, (patient, slot) => patient.Book(slot)),
                doctor.Leave(Iso(Ahead(2)), Iso(Ahead(2)))]);
            var (booked, leave) = (replies[..^1], replies[^1]);
            if (leave.Status == 201) booked.ShouldAllBe(r => r.Status == 409 && r.Code == "slot_is_closed");
            else leave.Is(409, "bookings_in_the_way").Ids("bookings").ShouldNotBeEmpty();
            booked.ShouldAllBe(r => r.Status == 201 || r.Status == 409);
            if (leave.Status == 409) booked.Count(r => r.Status == 201).ShouldBe(4);
        }
        await Server.ShouldKeepItsInvariants();
    }

    [Theory]
    [InlineData("cancel")]
    [InlineData("move")]
    public async Task Leave_that_handles_bookings_leaves_none_behind(string how)
    {
        for (var round = 0; round < 10; round++)
        {
            var (doctor, patients) = await DoctorAndPatients();
            var slots = await Slots(doctor);
            var early = (await patients[0].Book(slots[0])).Is(201);
            var replies = await Task.WhenAll(
                patients[0].Http.Post($"/api/bookings/{early.Id}/cancellation"), patients[1].Book(slots[1]),
                patients[2].Book(slots[2]), doctor.Leave(Iso(Ahead(2)), Iso(Ahead(2)), how),
                patients[3].Book(slots[3]));
            replies[3].Is(201);
            replies.ShouldAllBe(r => r.Status == 200 || r.Status == 201 || r.Status == 409);
            (await Server.Owner.Statement("""
                select count(*) from scheduling.bookings b join scheduling.time_off o on o.doctor_id = b.doctor_id
                 where b.doctor_id = $1 and b.status = 'confirmed'
                   and b.starts_at < o.ends_at and b.ends_at > o.starts_at
                """).With(doctor.Id).Value<long>()).ShouldBe(0);
            (await doctor.OpenOn(Ahead(2))).ShouldBeEmpty();
        }
        (await Server.Owner.Statement(ReadOutOfOrder).Value<long>()).ShouldBe(0);
        (await Server.App.Services.GetRequiredService<EventReader<RollUp>>().CatchUp(Soon, CancellationToken.None))
            .ShouldBeTrue();
        (await Server.Owner.Statement(Parked).Value<long>()).ShouldBe(0);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task New_rules_against_booking_never_close_a_booked_slot()
    {
        for (var round = 0; round < 15; round++)
        {
            var (doctor, patients) = await DoctorAndPatients();
            var slots = await Slots(doctor);
            var replies = await Task.WhenAll([.. patients.Zip(slots, (patient, slot) => patient.Book(slot)),
                doctor.ReplaceRules(Daily("20:00", "21:00"))]);
            var booked = replies[..^1].Where(r => r.Status == 201).Select(r => r.Id).ToList();
            replies[..^1].ShouldAllBe(r => r.Status == 201 || r.Code == "slot_is_closed");
            replies[^1].Is(200).Ids("bookings_outside").ShouldBeSubsetOf(booked);
            (await doctor.ReplaceRules(Daily("20:00", "21:00"))).Is(200).Ids("bookings_outside")
                .ShouldBe(booked, ignoreOrder: true);
        }
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task Two_replacements_of_one_revision_have_one_winner()
    {
        var doctor = await Server.Doctor();
        (await doctor.Offer(Daily("09:00", "11:00"))).Is(200);
        var replies = await Task.WhenAll(Enumerable.Range(10, 10).Select(hour =>
            doctor.Offer(Daily($"{hour}:00", $"{hour + 1}:00"), etag: "\"1\"")));
        replies.Count(r => r.Status == 200).ShouldBe(1);
        replies.Count(r => r is { Status: 412, Code: "availability_is_stale" }).ShouldBe(9);
    }

    [Fact]
    public async Task Leave_against_publishing_leaves_no_open_slot_behind()
    {
        for (var round = 0; round < 15; round++)
        {
            var doctor = await Server.Doctor();
            var replies = await Task.WhenAll(doctor.Leave(Iso(Ahead(2)), Iso(Ahead(2))),
                doctor.Http.Post("/api/slots", new { date = Iso(Ahead(2)), start_time = "09:00", end_time = "09:30" }));
            replies[0].Is(201);
            replies[1].Status.ShouldBeOneOf(201, 409);
            (await doctor.OpenOn(Ahead(2))).ShouldBeEmpty();
        }
    }

    async Task<(TestUser Doctor, List<TestUser> Patients)> DoctorAndPatients()
    {
        var doctor = await Server.Doctor();
        (await doctor.Offer(Daily("09:00", "11:00"))).Is(200);
        var patients = new List<TestUser>();
        for (var i = 0; i < 4; i++) patients.Add(await Server.User("patient"));
        return (doctor, patients);
    }

    static async Task<List<Guid>> Slots(TestUser doctor) =>
        (await doctor.OpenOn(Ahead(2))).ConvertAll(s => s.GetProperty("id").GetGuid());

    // Readers go by position, so the first event of a booking has its least position.
    const string ReadOutOfOrder = """
        select count(*) from audit.events made join audit.events e on e.entity_id = made.entity_id
         where made.action = 'bookings.booked' and e.position < made.position
        """;

    const string Parked = "select count(*) from platform.parked_events";
}
