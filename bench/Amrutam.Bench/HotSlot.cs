using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;

namespace Amrutam.Bench;

/// <summary>10,000 patients want one slot at once.</summary>
static class HotSlot
{
    const int Patients = 10_000, Connections = 1_000;

    public static async Task Run(Report report)
    {
        await using var bench = await SeededServer.Start(10, Patients, 1_000);
        using var http = new HttpClient(new SocketsHttpHandler
        {
            MaxConnectionsPerServer = Connections
        })
        { BaseAddress = bench.Rig.Address };
        var tokens = await File.ReadAllLinesAsync(bench.Tokens);
        await http.GetAsync(new Uri("/health", UriKind.Relative));
        var (statuses, losers) = (new ConcurrentDictionary<int, int>(), new ConcurrentBag<double>());
        await Task.WhenAll(tokens.Select(async token =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/bookings")
            {
                Content = JsonContent
                .Create(new { slot_id = Ids.Slot(1) })
            };
            request.Headers.Authorization = new("Bearer", token);
            var began = Stopwatch.GetTimestamp();
            using var answer = await http.SendAsync(request);
            statuses.AddOrUpdate((int)answer.StatusCode, 1, (_, n) => n + 1);
            if (answer.StatusCode == System.Net.HttpStatusCode.Conflict) losers
                .Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }));
        foreach (var (status, count) in statuses.OrderBy(s => s.Key)) report
            .Add("10,000 patients, one slot", $"answers {status}", [count], status == 201 ? "1" : "");
        report.Add("10,000 patients, one slot", "losers' p99 ms, waiting for a connection included",
            [losers.Order().ElementAt((int)(losers.Count * 0.99))], "< 2,000");
    }
}
