using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Attacks.Floods;

/// <summary>A patient takes slots and gives them up, over and over, so that nobody else can book them.</summary>
public sealed class SlotsBlockedForGoodTests(TestCluster cluster) : IAsyncLifetime
{
    const int MayGiveUp = 3;

    TestServer _server = null!;
    TestUser _doctor = null!, _patient = null!;
    int _slots;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.Start(await cluster.NewDatabase(), "--Scheduling:SweepSeconds=3600",
            $"--Limits:CancellationsPerPatient={MayGiveUp}", "--Limits:OpenBookingsPerPatient=100");
        (_doctor, _patient) = (await _server.Doctor(), await _server.User("patient"));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_slot_whose_hold_ended_rests_from_its_holder_alone(bool byRelease)
    {
        var (slot, other) = (await _doctor.Slot(), await _server.User("patient"));
        await (byRelease ? ReleaseHold(slot) : LapseHold(slot));
        var refused = (await Hold(slot)).Is(429, "slot_rests_after_a_hold");
        int.Parse(refused.Header("Retry-After")!).ShouldBeInRange(800, 900);
        (await other.Http.Post($"/api/slots/{slot}/hold")).Is(201);
        (await other.Http.Delete($"/api/slots/{slot}/hold")).Is(204);
        (await _patient.Book(slot)).Is(201);
    }

    [Fact]
    public async Task A_slot_can_be_held_again_after_its_rest()
    {
        var slot = await _doctor.Slot();
        await ReleaseHold(slot);
        await _server.Owner.Statement("update scheduling.recent_holds set ended_at = ended_at - interval '15 minutes'")
            .Execute();
        (await Hold(slot)).Is(201);
    }

    public static TheoryData<string> Ways { get; } = [nameof(CancelBooking), nameof(WithdrawRequest),
        nameof(CancelSeries), nameof(ReleaseHold), nameof(LapseHold), nameof(DeclineOffer), nameof(LapseOffer)];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Every_way_to_give_up_a_slot_counts_against_the_cool_down(string way)
    {
        for (var n = 0; n < MayGiveUp; n++) await GiveUp(way);
        await ShouldCoolDown();
        await EndCoolDown();
        (await Hold(await NextSlot())).Is(201);
    }

    [Fact]
    public async Task All_ways_count_together()
    {
        foreach (var way in (string[])[nameof(CancelBooking), nameof(ReleaseHold), nameof(DeclineOffer)])
            await GiveUp(way);
        await ShouldCoolDown();
    }

    /// <summary>The slots that were given up are open. Each is offered to the first in line who may book.</summary>
    [Fact]
    public async Task A_patient_in_the_cool_down_is_offered_nothing_until_it_ends()
    {
        for (var n = 0; n < MayGiveUp; n++) await GiveUp(nameof(ReleaseHold));
        (await JoinLine(_patient)).Is(201)["status"].ShouldBe("waiting");
        await OfferAgain();
        (await Entry(_patient)).ShouldBe("waiting");
        (await JoinLine(await _server.User("patient"))).Is(201)["status"].ShouldBe("offered");
        await EndCoolDown();
        await OfferAgain();
        (await Entry(_patient)).ShouldBe("offered");

        async Task OfferAgain()
        {
            await _server.Owner.Statement(
                "update scheduling.waitlist_entries set looked_at = looked_at - interval '1 minute'").Execute();
            await _server.PassOn();
        }

        static async Task<string> Entry(TestUser patient) => (await patient.Http.Get("/api/waitlist")).Is(200).Body
            .GetProperty("items")[0].GetProperty("status").GetString()!;
    }

    [Fact]
    public async Task A_hold_that_is_booked_or_goes_on_is_not_given_up()
    {
        for (var n = 0; n < 2 * MayGiveUp; n++)
        {
            var slot = await NextSlot();
            (await Hold(slot)).Is(201);
            if (n % 2 == 0) (await _patient.Book(slot)).Is(201);
        }
        await _server.Owner.Statement("""
            update scheduling.recent_holds h set ended_at = now() from scheduling.slots s
             where s.id = h.slot_id and s.booking_id is not null
            """).Execute();
        (await _patient.Book(await NextSlot())).Is(201);
    }

    Task EndCoolDown() => _server.Owner.Statement("""
        with b as (update scheduling.bookings set updated_at = updated_at - interval '1 hour'),
        o as (update scheduling.waitlist_offers set ended_at = ended_at - interval '1 hour')
        update scheduling.recent_holds set ended_at = ended_at - interval '1 hour'
        """).Execute();

    async Task ShouldCoolDown()
    {
        (await Hold(await NextSlot())).Is(429, "cool_down_after_cancellations");
        int.Parse((await _patient.Book(await NextSlot())).Is(429, "cool_down_after_cancellations")
            .Header("Retry-After")!).ShouldBeInRange(3400, 3600);
    }

    async Task GiveUp(string way)
    {
        var slot = await NextSlot();
        await (way switch
        {
            nameof(CancelBooking) => CancelBooking(slot),
            nameof(WithdrawRequest) => WithdrawRequest(slot),
            nameof(CancelSeries) => CancelSeries(slot),
            nameof(ReleaseHold) => ReleaseHold(slot),
            nameof(LapseHold) => LapseHold(slot),
            nameof(DeclineOffer) => DeclineOffer(slot),
            _ => LapseOffer(slot),
        });
    }

    Task<Guid> NextSlot() => _doctor.Slot(_slots++);

    Task<Reply> Hold(Guid slot) => _patient.Http.Post($"/api/slots/{slot}/hold");

    async Task CancelBooking(Guid slot) => await Cancel((await _patient.Book(slot)).Is(201).Id);

    async Task WithdrawRequest(Guid slot)
    {
        (await _doctor.Http.Put("/api/doctors/policy", new { requires_confirmation = true })).Is(200);
        var request = (await _patient.Book(slot)).Is(201);
        request["status"].ShouldBe("requested");
        await Cancel(request.Id);
    }

    async Task CancelSeries(Guid slot)
    {
        var series = (await _patient.Http.Post("/api/bookings/series",
            new { slot_id = slot, occurrences = 2, mode = "possible" })).Is(201);
        await Cancel(series.Body.GetProperty("bookings")[0].GetProperty("id").GetGuid());
    }

    async Task Cancel(Guid booking) => (await _patient.Http.Post($"/api/bookings/{booking}/cancellation")).Is(200);

    async Task ReleaseHold(Guid slot)
    {
        (await Hold(slot)).Is(201);
        (await _patient.Http.Delete($"/api/slots/{slot}/hold")).Is(204);
    }

    async Task LapseHold(Guid slot)
    {
        (await Hold(slot)).Is(201);
        await _server.EndHold(slot);
    }

    Task<Reply> JoinLine(TestUser patient) => patient.Http.Post("/api/waitlist", new
    {
        doctor_id = _doctor.Id, to = Calendar.Start.Plus(NodaTime.Duration.FromDays(2)).ToString(),
    });

    async Task<Guid> Join(Guid slot)
    {
        var entry = (await JoinLine(_patient)).Is(201);
        entry["status"].ShouldBe("offered", slot.ToString());
        return entry.Id;
    }

    async Task DeclineOffer(Guid slot)
    {
        var entry = await Join(slot);
        (await _patient.Http.Post($"/api/waitlist/{entry}/decline")).Is(200);
        (await _patient.Http.Delete($"/api/waitlist/{entry}")).Is(204);
    }

    async Task LapseOffer(Guid slot)
    {
        var entry = await Join(slot);
        await _server.EndHolds();
        await _server.PassOn();
        (await _patient.Http.Delete($"/api/waitlist/{entry}")).Is(204);
    }
}
