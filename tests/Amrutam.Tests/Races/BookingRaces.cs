using System.Collections.Concurrent;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Races;

public sealed class BookingRaces(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task A_thousand_patients_want_one_slot_and_one_gets_it()
    {
        var slot = await (await Server.Doctor()).Slot();
        var patients = await Many(1000, () => Server.User("patient"));
        var replies = await AtOnce(patients, patient => patient.Book(slot));
        replies.Count(r => r.Status == 201).ShouldBe(1);
        replies.Count(r => r is { Status: 409, Code: "one_active_booking_per_slot" }).ShouldBe(999);
        (await Count("select count(*) from scheduling.bookings where slot_id = $1", slot)).ShouldBe(1);
        (await Count(
            "select count(*) from audit.events where action = 'bookings.booked' and details ->> 'slot_id' = $1::text",
            slot)).ShouldBe(1);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task A_hundred_copies_of_one_keyed_request_make_one_booking_and_one_answer()
    {
        var (slot, patient) = (await (await Server.Doctor()).Slot(), await Server.User("patient"));
        var replies = await AtOnce(Enumerable.Repeat(patient, 100), p => p.Book(slot, "one-key", "the same"));
        replies.ShouldAllBe(r => r.Status == 201);
        replies.Select(r => r.Text).Distinct().ShouldHaveSingleItem();
        replies.Count(r => r.Header("Idempotency-Replayed") is null).ShouldBe(1);
        (await Count("select count(*) from scheduling.bookings where slot_id = $1", slot)).ShouldBe(1);
    }

    [Fact]
    public async Task One_patient_books_overlapping_slots_at_once_and_gets_one()
    {
        var patient = await Server.User("patient");
        var slots = await Many(40, async () => await (await Server.Doctor()).Slot(7));
        var replies = await AtOnce(slots, slot => patient.Book(slot));
        replies.Count(r => r.Status == 201).ShouldBe(1);
        replies.Count(r => r is { Status: 409, Code: "bookings_of_a_patient_do_not_overlap" }).ShouldBe(39);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task A_loser_to_a_request_that_is_itself_refused_is_judged_again()
    {
        // The second request of the first patient may win a slot and still be refused, because it overlaps the first.
        var (a, b) = (await Server.Doctor(), await Server.Doctor());
        for (var i = 0; i < 20; i++)
        {
            var (slotA, slotB) = (await a.Slot(i), await b.Slot(i));
            var (one, two) = (await Server.User("patient"), await Server.User("patient"));
            var replies = await Task.WhenAll(one.Book(slotA), one.Book(slotB), two.Book(slotB));
            replies.Take(2).Count(r => r.Status == 201).ShouldBe(1);
            if (replies[1].Status != 201) replies[2].Is(201);
        }
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task Two_moves_that_cross_never_deadlock()
    {
        var doctor = await Server.Doctor();
        var (s1, s2) = (await doctor.Slot(0), await doctor.Slot(1));
        var (b1, b2) = (await (await Server.User("patient")).Book(s1), await (await Server.User("patient")).Book(s2));
        for (var i = 0; i < 20; i++)
        {
            var replies = await Task.WhenAll(
                doctor.Http.Post($"/api/bookings/{b1.Id}/move", new { slot_id = s2 }),
                doctor.Http.Post($"/api/bookings/{b2.Id}/move", new { slot_id = s1 }));
            replies.ShouldAllBe(r => r.Status == 409);
        }
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task Two_moves_to_one_slot_have_one_winner()
    {
        var doctor = await Server.Doctor();
        for (var i = 0; i < 20; i++)
        {
            var bookings = new List<Guid>();
            for (var n = 0; n < 2; n++)
                bookings.Add((await (await Server.User("patient")).Book(await doctor.Slot(3 * i + n))).Is(201).Id);
            var free = await doctor.Slot(3 * i + 2);
            var replies = await AtOnce(bookings, id =>
                doctor.Http.Post($"/api/bookings/{id}/move", new { slot_id = free }));
            replies.Select(r => r.Status).Order().ShouldBe([200, 409]);
        }
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task Cancel_against_cancel_has_one_winner()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var booked = await patient.Book(await doctor.Slot());
        var replies = await AtOnce(Enumerable.Range(0, 20), i => (i % 2 == 0 ? doctor : patient).Http
            .Post($"/api/bookings/{booked.Id}/cancellation"));
        replies.Count(r => r.Status == 200).ShouldBe(1);
        replies.Count(r => r is { Status: 409, Code: "step_not_allowed" }).ShouldBe(19);
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task Closing_a_slot_against_booking_it_has_one_winner()
    {
        var doctor = await Server.Doctor();
        for (var i = 0; i < 30; i++)
        {
            var slot = await doctor.Slot(i);
            var patient = await Server.User("patient");
            var replies = await Task.WhenAll(patient.Book(slot), doctor.Http.Delete("/api/slots/" + slot));
            (replies[0].Status, replies[1].Status).ShouldBeOneOf((201, 409), (409, 204));
        }
        await Server.ShouldKeepItsInvariants();
    }

    [Fact]
    public async Task A_booking_waits_for_the_lock_of_the_slots_row_and_then_sees_the_change()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var slot = await doctor.Slot();
        await using var closing = await Server.Owner.OpenConnectionAsync();
        await using var transaction = await closing.BeginTransactionAsync();
        await closing.Statement("update scheduling.slots set closed_at = now() where id = $1").With(slot).Execute();
        await closing.Append("slots.closed", "slot", slot);
        var booking = patient.Book(slot);
        await Server.Owner.UntilOneWaitsForALock();
        booking.IsCompleted.ShouldBeFalse("it did not wait");
        await transaction.CommitAsync();
        (await booking).Is(409, "slot_is_closed");
    }

    [Fact]
    public async Task Two_publishings_of_one_time_have_one_winner()
    {
        var doctor = await Server.Doctor();
        var replies = await AtOnce(Enumerable.Range(0, 20), _ => doctor.Http.Post("/api/slots", Calendar.At(3)));
        replies.Count(r => r.Status == 201).ShouldBe(1);
        replies.Count(r => r is { Status: 409, Code: "slots_of_a_doctor_do_not_overlap" }).ShouldBe(19);
    }

    /// <summary>The overlap is the patient's, whichever account books: one child cannot be in two places.</summary>
    [Fact]
    public async Task Two_guardians_book_one_hour_for_a_child_with_two_doctors_and_one_gets_it()
    {
        const int rounds = 100;
        var doctors = new[] { await Server.Doctor(), await Server.Doctor() };
        var guardians = new[] { await Server.User("patient"), await Server.User("patient") };
        var child = await Server.Child(8, guardians);
        for (var round = 0; round < rounds; round++)
        {
            var slots = new[] { await doctors[0].Slot(round), await doctors[1].Slot(round) };
            var replies = await AtOnce([0, 1], i => guardians[i].Http.Post("/api/bookings",
                new { slot_id = slots[i], patient_id = child }));
            var booked = replies.Where(reply => reply.Status == 201).ToList();
            booked.Count.ShouldBe(1);
            replies.Single(reply => reply.Status != 201).Is(409, "bookings_of_a_patient_do_not_overlap");
            (await guardians[round % 2].Http.Post($"/api/bookings/{booked[0].Id}/cancellation")).Is(200);
        }
        await Server.ShouldKeepItsInvariants();
    }

    Task<long> Count(string sql, Guid id) => Server.Owner.Statement(sql).With(id).Value<long>();

    static async Task<List<T>> Many<T>(int count, Func<Task<T>> make)
    {
        var all = new ConcurrentBag<T>();
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (_, _) => all.Add(await make()));
        return [.. all];
    }

    static async Task<Reply[]> AtOnce<T>(IEnumerable<T> items, Func<T, Task<Reply>> send)
    {
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sent = items.Select(async item => { await go.Task; return await send(item); }).ToArray();
        go.SetResult();
        return await Task.WhenAll(sent);
    }
}
