using System.Diagnostics;
using Amrutam.Platform;
using Amrutam.Tests.Support;

namespace Amrutam.Tests.Platform;

/// <summary>Lists come from memory, on two servers that share a database, and yet never show what is gone. They are
/// kept for a minute here, so that nothing but an announcement can make these tests pass.</summary>
public sealed class AnswerCacheTests(TestCluster cluster) : IAsyncLifetime
{
    const string Kept = "--Http:ListsKeptSeconds=60";
    TestServer _one = null!, _other = null!;

    public async ValueTask InitializeAsync()
    {
        var database = await cluster.NewDatabase();
        (_one, _other) = (await TestServer.Start(database, Kept), await TestServer.Start(database, Kept));
    }

    public async ValueTask DisposeAsync()
    {
        await _one.DisposeAsync();
        await _other.DisposeAsync();
    }

    [Fact]
    public async Task A_list_comes_from_memory_while_nothing_is_announced()
    {
        var doctor = await _one.Doctor();
        await doctor.Slot();
        var before = await ListedBy(_one, doctor);
        before.Count.ShouldBe(1);
        await _one.Owner.Statement("update scheduling.slots set closed_at = now()").Execute();
        (await ListedBy(_one, doctor)).ShouldBe(before);
    }

    [Fact]
    public async Task A_booked_slot_is_in_no_list_once_the_booking_is_acknowledged()
    {
        var (doctor, patient) = (await _one.Doctor(), await _one.User("patient"));
        var slots = new List<Guid>();
        for (var n = 0; n < 20; n++) slots.Add(await doctor.Slot(n));
        using var stop = new CancellationTokenSource();
        // Readers without a pause, so that looks at the database are always under way while a booking commits.
        var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested) await ListedBy(_one, doctor);
        })).ToArray();
        foreach (var slot in slots)
        {
            (await patient.Book(slot)).Is(201);
            (await ListedBy(_one, doctor)).ShouldNotContain(slot);
        }
        await stop.CancelAsync();
        await Task.WhenAll(readers);
        (await _one.Anonymous().Get("/api/doctors")).Is(200).Items.Single()
            .GetProperty("next_open_slot_at").GetString().ShouldBeNull();
    }

    [Fact]
    public async Task A_change_on_one_server_is_seen_on_the_other_at_once()
    {
        var (doctor, patient) = (await _one.Doctor(), await _one.User("patient"));
        for (var n = 0; n < 10; n++)
        {
            var slot = await doctor.Slot(n);
            await Until(async () => (await ListedBy(_other, doctor)).Contains(slot));
            var booking = (await patient.Book(slot)).Is(201).Id;
            await Until(async () => !(await ListedBy(_other, doctor)).Contains(slot));
            (await patient.Http.Post($"/api/bookings/{booking}/cancellation")).Is(200);
            await Until(async () => (await ListedBy(_other, doctor)).Contains(slot));
        }
    }

    [Fact]
    public async Task A_server_that_may_not_hear_of_changes_reads_every_list_anew()
    {
        var (doctor, patient) = (await _one.Doctor(), await _one.User("patient"));
        var slot = await doctor.Slot();
        await Until(async () => (await ListedBy(_other, doctor)).Contains(slot));
        await _one.Owner.Statement("""
            select pg_terminate_backend(pid, 5000) from pg_stat_activity
             where application_name = 'amrutam changes' and datname = current_database()
            """).Value<bool>();
        (await patient.Book(slot)).Is(201);
        (await ListedBy(_other, doctor)).ShouldNotContain(slot);
    }

    [Fact]
    public async Task What_depends_on_who_asks_or_how_is_not_given_from_memory()
    {
        await _one.Doctor();
        (await _one.Anonymous().Get("/api/doctors?limit=1")).Is(200);
        (await _one.Anonymous().Get("/api/doctors?limit=0")).Is(422);
        (await _one.Anonymous().Get("/api/doctors?limit=0")).Is(422);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/doctors?limit=1");
        request.Headers.Accept.ParseAdd("text/csv");
        using var answer = await _one.Anonymous().SendAsync(request);
        ((int)answer.StatusCode).ShouldBe(406);
    }

    static async Task<List<Guid>> ListedBy(TestServer server, TestUser doctor) =>
        [.. (await server.Anonymous().Get($"/api/doctors/{doctor.Id}/slots?limit=100")).Is(200).Ids()];

    /// <summary>Well below the minute that lists are kept for.</summary>
    static async Task Until(Func<Task<bool>> holds)
    {
        var clock = Stopwatch.StartNew();
        while (!await holds())
        {
            clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(15));
            await Task.Delay(2);
        }
    }
}
