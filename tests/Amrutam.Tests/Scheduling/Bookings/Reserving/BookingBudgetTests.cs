using System.Diagnostics.Metrics;
using System.Net.Sockets;
using System.Text;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using static Amrutam.Tests.Support.Waiting;

namespace Amrutam.Tests.Scheduling.Bookings.Reserving;

/// <summary>The cost of a booking, in units that do not depend on the load of the machine.</summary>
[Collection(nameof(BookingBudgetTests))]
[CollectionDefinition(nameof(BookingBudgetTests), DisableParallelization = true)]
public sealed class BookingBudgetTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    // Seen on a busy machine, including the allocations of jobs: 18.1 kB for a booking, 2.8 kB for a list from memory.
    const long BookingBytes = 22_000, ListBytes = 4_000;
    const int Rounds = 3, AtATime = 30;

    TestServer Server => fixture.Server;

    [Fact]
    public async Task A_booking_and_a_list_allocate_little()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var token = patient.Http.DefaultRequestHeaders.Authorization!.ToString();
        var bookings = new List<byte[]>();
        for (var n = 0; n < (Rounds + 1) * AtATime; n++)
        {
            var slot = await doctor.Slot(n);
            bookings.Add(Request("POST /api/bookings", $$"""{"slot_id":"{{slot}}"}""", "Authorization: " + token,
                "Idempotency-Key: " + slot));
        }
        var list = Enumerable.Repeat(Request($"GET /api/doctors/{doctor.Id}/slots"), AtATime).ToArray();

        (await Least(bookings.Chunk(AtATime), "201")).ShouldBeLessThan(BookingBytes);
        (await Least(Enumerable.Repeat(list, Rounds + 1), "200")).ShouldBeLessThan(ListBytes);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("key")]
    public async Task Requests_for_one_slot_at_the_same_time_are_judged_together(string? key)
    {
        const string Judged = "amrutam_batch_size_sum{amrutam_batch_name=\"bookings\"}";
        const int Asking = 2, Others = 200, MostJudged = 40;
        var slot = await (await Server.Doctor()).Slot();
        var patients = await Task.WhenAll(Enumerable.Range(0, Asking + Others).Select(_ => Server.User("patient")));
        await (await Server.User("patient")).Book(await (await Server.Doctor()).Slot());
        var before = await Server.Reading(Judged);
        using var requests = new ActiveRequests();
        var asked = await Server.Owner.InTransaction(async held =>
        {
            await held.Statement("select from scheduling.slots where id = $1 for update").With(slot).Execute();
            var asking = new List<Task<Reply>>();
            foreach (var patient in patients.Take(Asking))
            {
                asking.Add(patient.Book(slot, key));
                await Until(async () => await Server.Owner.Statement(WaitForTheSlot).Value<long>() >= asking.Count);
            }
            // Both writers are busy, so one of the others waits for a writer and the rest for that one.
            asking.AddRange(patients.Skip(Asking).Select(patient => patient.Book(slot, key)));
            await Until(() => requests.Active >= patients.Length);
            return asking;
        });
        var replies = await Task.WhenAll(asked);
        replies.Count(r => r.Status == 201).ShouldBe(1);
        replies.Count(r => r is { Status: 409, Code: "one_active_booking_per_slot" })
            .ShouldBe(Asking + Others - 1);
        (await Server.Reading(Judged) - before).ShouldBeInRange(Asking, MostJudged);
    }

    const string WaitForTheSlot = """
        select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()
        """;

    /// <returns>Bytes for each request in the cheapest round, in which jobs and readers did the least. The first round
    /// warms up.</returns>
    async Task<long> Least(IEnumerable<byte[][]> rounds, string status)
    {
        var allocated = new List<long>();
        foreach (var round in rounds) allocated.Add(await AllocatedBy(round, status));
        return allocated.Skip(1).Min();
    }

    /// <returns>Bytes that the process allocated for each request. One connection sends them in sequence, and the
    /// client allocates almost nothing.</returns>
    async Task<long> AllocatedBy(byte[][] requests, string status)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(Server.Address.Host, Server.Address.Port);
        var answer = new byte[64 * 1024];
        var before = GC.GetTotalAllocatedBytes(precise: true);
        foreach (var request in requests)
        {
            await socket.SendAsync(request);
            var length = await socket.ReceiveAsync(answer);
            answer.AsSpan(9, 3).SequenceEqual(Encoding.ASCII.GetBytes(status))
                .ShouldBeTrue(Encoding.ASCII.GetString(answer, 0, length));
        }
        return (GC.GetTotalAllocatedBytes(precise: true) - before) / requests.Length;
    }

    static byte[] Request(string line, string? body = null, params string[] headers) => Encoding.ASCII.GetBytes(
        $"{line} HTTP/1.1\r\nHost: localhost\r\n" + string.Concat(headers.Select(header => header + "\r\n"))
        + (body is null ? "\r\n" : $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"));

    /// <summary>Counts the requests that this process serves now. No other server runs beside this class.</summary>
    sealed class ActiveRequests : IDisposable
    {
        readonly MeterListener _listener = new();
        long _active;

        public ActiveRequests()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "http.server.active_requests") listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((_, change, _, _) => Interlocked.Add(ref _active, change));
            _listener.Start();
        }

        public long Active => Interlocked.Read(ref _active);

        public void Dispose() => _listener.Dispose();
    }
}
