using System.Net.Sockets;
using System.Text;
using Amrutam.Tests.Support;

namespace Amrutam.Tests.Scheduling;

/// <summary>What a booking may cost, in units that no busy machine changes.</summary>
[Collection(nameof(BookingBudgetTests))]
[CollectionDefinition(nameof(BookingBudgetTests), DisableParallelization = true)]
public sealed class BookingBudgetTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    // Seen on a busy machine, with what jobs allocate meanwhile: 30.0 kB for a booking, 3.0 kB for a list from memory.
    const long BookingBytes = 36_000, ListBytes = 5_000;
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

    /// <returns>Bytes for each request in the round in which jobs and readers were the least busy; the first round
    /// warms up.</returns>
    async Task<long> Least(IEnumerable<byte[][]> rounds, string status)
    {
        var allocated = new List<long>();
        foreach (var round in rounds) allocated.Add(await AllocatedBy(round, status));
        return allocated.Skip(1).Min();
    }

    /// <returns>Bytes that the process allocated for each request, sent one after another over one connection by a
    /// client that allocates next to nothing.</returns>
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
}
