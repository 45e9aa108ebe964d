using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Amrutam.Bench;

/// <summary>10,000 patients want one slot at once, each over a connection of their own.</summary>
/// <remarks>Requests are written to the sockets directly. A client library would cost more than the server, on a
/// machine that runs both.</remarks>
static class HotSlot
{
    const string Scenario = "10,000 patients, one slot";
    const int Patients = 10_000, ConnectingAtOnce = 100;

    /// <param name="Milliseconds">From the common start of all requests.</param>
    readonly record struct Reply(string Status, double Milliseconds);

    public static async Task Run(Report report)
    {
        await using var bench = await SeededServer.Start(500, 2 * Patients, 300_000);
        var tokens = await File.ReadAllLinesAsync(bench.Tokens);
        // In practice, a slot that many patients wait for opens on a server that has run for a while.
        await bench.Book(256, Scenarios.Seconds);
        await bench.Forget();
        var rounds = new List<IReadOnlyCollection<Reply>>();
        for (var round = 0; round < Scenarios.Rounds; round++) rounds.Add(await Rush(bench, tokens));
        foreach (var status in rounds.SelectMany(r => r.Select(a => a.Status)).Distinct().Order())
            report.Add(Scenario, $"answers {status}", rounds.Select(r => (double)r.Count(a => a.Status == status)),
                status switch { "201" => "1", "409" => "9,999", _ => "0" });
        var losers = rounds.ConvertAll(r => r.Where(a => a.Status == "409").Select(a => a.Milliseconds).Order()
            .ToList());
        report.Add(Scenario, "losers' p50 ms", losers.Select(l => l[l.Count / 2]));
        report.Add(Scenario, "losers' p99 ms", losers.Select(l => l[(int)(l.Count * 0.99)]), "< 2,000");
    }

    static async Task<IReadOnlyCollection<Reply>> Rush(SeededServer bench, string[] tokens)
    {
        var (address, slot) = (bench.Rig.Address, bench.NextSlot());
        var sockets = new Socket[Patients];
        try
        {
            await Parallel.ForAsync(0, Patients, new ParallelOptions { MaxDegreeOfParallelism = ConnectingAtOnce },
                async (n, ct) =>
                {
                    sockets[n] = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                    await sockets[n].ConnectAsync(address.Host, address.Port, ct);
                });
            var requests = Enumerable.Range(0, Patients).Select(n => Request(tokens[n], slot)).ToArray();
            var replies = new ConcurrentBag<Reply>();
            var began = Stopwatch.GetTimestamp();
            await Task.WhenAll(sockets.Select((socket, n) => Ask(socket, requests[n], began, replies)));
            return replies;
        }
        finally
        {
            foreach (var socket in sockets) socket?.Dispose();
        }
    }

    static async Task Ask(Socket socket, byte[] request, long began, ConcurrentBag<Reply> replies)
    {
        const int StatusAt = 9, StatusLength = 3;
        var head = new byte[64];
        await socket.SendAsync(request);
        var length = await socket.ReceiveAsync(head);
        var milliseconds = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        replies.Add(new(length < StatusAt + StatusLength ? "none"
            : Encoding.ASCII.GetString(head, StatusAt, StatusLength), milliseconds));
    }

    static byte[] Request(string token, Guid slot)
    {
        var body = $$"""{"slot_id":"{{slot}}"}""";
        return Encoding.ASCII.GetBytes("POST /api/bookings HTTP/1.1\r\nHost: localhost\r\n"
            + $"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
            + $"Content-Length: {body.Length}\r\n\r\n{body}");
    }
}
