using System.Collections.Concurrent;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Races;

public sealed class VisitRaces(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const int Rounds = 1000, Parts = 3, RoundsAtOnce = 4, MostHeadStart = 6;

    TestServer Server => fixture.Server;

    [Fact]
    public async Task A_visit_of_three_slots_gets_all_of_them_or_none_against_three_single_visits()
    {
        var (doctor, single, whole) = (await Server.Doctor(), await Server.NewVisitType(30),
            await Server.NewVisitType(90));
        (await doctor.OfferKinds(single, whole)).Is(200);
        var slots = await Server.Owner.Statement(MakeSlots).With(doctor.Id).With(Rounds * Parts)
            .List(row => row.GetGuid(0));
        var patients = await Task.WhenAll(Enumerable.Range(0, RoundsAtOnce * (Parts + 1))
            .Select(_ => Server.User("patient")));
        var wins = new ConcurrentBag<bool>();
        await Parallel.ForEachAsync(Enumerable.Range(0, RoundsAtOnce),
            new ParallelOptions { MaxDegreeOfParallelism = RoundsAtOnce }, async (lane, _) =>
            {
                var mine = patients[(lane * (Parts + 1))..((lane + 1) * (Parts + 1))];
                for (var round = lane; round < Rounds; round += RoundsAtOnce)
                    wins.Add(await Play(slots[(round * Parts)..((round + 1) * Parts)], mine, whole,
                        round % MostHeadStart));
            });
        wins.Count.ShouldBe(Rounds);
        // A race that one side always wins tests nothing.
        wins.Distinct().Count().ShouldBe(2);
        await Server.ShouldKeepItsInvariants();
    }

    /// <param name="headStart">How many other requests pass before the single visits are asked for. The long
    /// visit takes more steps, so without a head start it would hardly ever win.</param>
    /// <returns>Whether the long visit won.</returns>
    static async Task<bool> Play(List<Guid> slots, TestUser[] patients, Guid whole, int headStart)
    {
        var longOne = patients[^1].Http.Post("/api/bookings", new { slot_id = slots[0], visit_type_id = whole });
        for (var i = 0; i < headStart; i++) (await patients[0].Http.Get("/api/me")).Is(200);
        var singles = await Task.WhenAll(slots.Select((slot, i) => patients[i].Book(slot)));
        if ((await longOne).Status == 201)
        {
            singles.ShouldAllBe(reply => reply.Code == "one_active_booking_per_slot");
            return true;
        }
        (await longOne).Status.ShouldBe(409, (await longOne).Text);
        singles.ShouldAllBe(reply => reply.Status == 201);
        return false;
    }

    [Fact]
    public async Task A_kind_that_is_withdrawn_while_it_is_booked_is_booked_or_refused_by_name()
    {
        for (var round = 0; round < 20; round++)
        {
            var (doctor, type) = (await Server.Doctor(), await Server.NewVisitType(60));
            var slots = new[] { await doctor.Slot(0), await doctor.Slot(1) };
            (await doctor.OfferKinds(type)).Is(200);
            var patient = await Server.User("patient");
            var book = patient.Http.Post("/api/bookings", new { slot_id = slots[0], visit_type_id = type });
            await Task.WhenAll(book, Server.ChangeVisitType(type, new { active = false }));
            if ((await book).Status != 201) (await book).Is(409, "visit_type_not_offered");
        }
        await Server.ShouldKeepItsInvariants();
    }

    const string MakeSlots = """
        with made as (
            insert into scheduling.slots (id, doctor_id, starts_at, ends_at)
            select gen_random_uuid(), $1, at, at + interval '30 minutes'
              from generate_series(1, $2) n
             cross join lateral (
                select date_trunc('day', now()) + interval '2 days' + n * interval '30 minutes' as at) t
            returning id, starts_at),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id)
            select $1, 'doctor', 'slots.published', 'slot', id from made)
        select id from made order by starts_at
        """;
}
