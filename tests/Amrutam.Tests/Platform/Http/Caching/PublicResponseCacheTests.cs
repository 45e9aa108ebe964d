using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using NodaTime;
using Npgsql;
using static Amrutam.Tests.Support.Waiting;

namespace Amrutam.Tests.Platform.Http.Caching;

/// <summary>Public lists come from memory on two servers with one database, and never show outdated slots.</summary>
/// <remarks>Lists live for a minute here, so that these tests pass only by invalidation.</remarks>
public sealed class PublicResponseCacheTests(TestCluster cluster) : IAsyncLifetime
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
    public async Task Lists_are_read_although_no_connection_is_free_for_anything_else()
    {
        const int All = 4;
        await using var server = await TestServer.Start(_one.Database, Kept, $"--Database:MaxConnections={All}");
        var doctor = await server.Doctor();
        await doctor.Slot();
        // The first list reads the key of all cursors.
        (await server.Anonymous().Get("/api/doctors?limit=1")).Is(200);
        var held = await server.HoldConnections(All);
        foreach (var path in new[] { "", $"/{doctor.Id}", $"/{doctor.Id}/slots" })
            (await server.Anonymous().Get("/api/doctors" + path)).Is(200);
        foreach (var connection in held) await connection.DisposeAsync();
    }

    [Fact]
    public async Task A_booked_slot_is_in_no_list_once_the_booking_is_acknowledged()
    {
        var (doctor, patient) = (await _one.Doctor(), await _one.User("patient"));
        var slots = new List<Guid>();
        for (var n = 0; n < 20; n++) slots.Add(await doctor.Slot(n));
        using var stop = new CancellationTokenSource();
        // Readers without a pause, so that reads are always under way while a booking commits.
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
    public async Task A_server_that_may_miss_changes_reads_every_list_again()
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
    public async Task Time_alone_takes_a_slot_off_its_list_and_brings_one_back()
    {
        var (doctor, patient) = (await _one.Doctor(), await _one.User("patient"));
        var held = await doctor.Slot();
        var begins = SystemClock.Instance.GetCurrentInstant() + Duration.FromSeconds(4);
        var begun = (await doctor.Http.Post("/api/slots", new
        {
            starts_at = begins.ToString(), ends_at = (begins + Duration.FromMinutes(5)).ToString()
        })).Is(201).Id;
        (await patient.Http.Post($"/api/slots/{held}/hold")).Is(201);
        await _one.Owner.Statement("update scheduling.slots set held_until = now() + interval '2 s' where id = $1")
            .With(held).Execute();
        (await ListedBy(_one, doctor)).ShouldBe([begun]);
        await Until(async () => (await ListedBy(_one, doctor)).SequenceEqual([begun, held]));
        await Until(async () => (await ListedBy(_one, doctor)).SequenceEqual([held]));
    }

    [Fact]
    public async Task A_change_by_a_job_is_seen_long_before_the_list_is_too_old()
    {
        var (doctor, patient) = (await _one.Doctor(), await _one.User("patient"));
        (await doctor.Http.Put("/api/doctors/policy", new { requires_confirmation = true })).Is(200);
        var slot = await doctor.Slot();
        var request = (await patient.Book(slot)).Is(201).Id;
        (await ListedBy(_one, doctor)).ShouldBeEmpty();
        await _one.EndRequest(request);
        await _one.PassOn();
        // The server's own run may hold some of the rows.
        await Until(async () => (await ListedBy(_one, doctor)).SequenceEqual([slot]));

        (await doctor.Offer(Availability.Daily("09:00", "10:00"))).Is(200);
        var offered = await ListedBy(_one, doctor);
        offered.Count.ShouldBeGreaterThan(1);
        await _one.Owner.Statement("""
            with gone as (delete from scheduling.slots where doctor_id = $1 and id <> $2)
            update scheduling.availability set due_at = now() where doctor_id = $1
            """).With(doctor.Id).With(slot).Execute();
        await _one.MakeSlotsAhead();
        await Until(async () => (await ListedBy(_one, doctor)).Intersect(offered).SequenceEqual([slot]));
        (await ListedBy(_one, doctor)).Count.ShouldBe(offered.Count);
    }

    [Fact]
    public async Task A_server_that_is_gone_may_have_changed_something_without_saying_so()
    {
        var doctor = await _one.Doctor();
        await doctor.Slot();
        await using (var third = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_one.Database.Owner)
        {
            ApplicationName = "amrutam changes", Pooling = false
        }.ConnectionString))
        {
            await third.OpenAsync();
            // A server starts its second poll after it has stored the result of the first.
            for (var poll = 0; poll < 2; poll++) await EveryServerPolls(third.ProcessID);
            (await ListedBy(_one, doctor)).Count.ShouldBe(1);
            await _one.Owner.Statement("update scheduling.slots set closed_at = now()").Execute();
            (await ListedBy(_one, doctor)).Count.ShouldBe(1);
        }
        await Until(async () => (await ListedBy(_one, doctor)).Count == 0);
    }

    [Fact]
    public async Task A_refusal_and_another_media_type_are_not_answered_from_memory()
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

    async Task EveryServerPolls(int except)
    {
        var now = await _one.Owner.Statement("select clock_timestamp()").Value<DateTime>();
        await Until(() => _one.Owner.Statement("""
            select bool_and(query_start > $1) from pg_stat_activity
             where application_name = 'amrutam changes' and datname = current_database() and pid <> $2
            """).With(now).With(except).Value<bool>());
    }

    static async Task<List<Guid>> ListedBy(TestServer server, TestUser doctor) =>
        [.. (await server.Anonymous().Get($"/api/doctors/{doctor.Id}/slots?limit=100")).Is(200).Ids()];
}
