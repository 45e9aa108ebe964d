using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;

namespace Amrutam.Bench;

/// <summary>Requests sent on a timetable, whether or not earlier ones have been answered; latency counts from the time
/// that was due.</summary>
/// <remarks>So a server that stalls is charged for every request that it kept waiting, not only for the one that it
/// was working on.</remarks>
static class OpenLoop
{
    const int Minutes = 10;

    sealed record Answer(int Status, double Milliseconds, double At);

    public static async Task Mix(Report report)
    {
        await using var bench = await SeededServer.Start(500, 20_000, 300_000);
        using var sender = await Sender.Over(bench);
        var duration = TimeSpan.FromMinutes(double.Parse(Environment
            .GetEnvironmentVariable("BENCH_MINUTES") ?? $"{Minutes}"));
        await Task.WhenAll(sender.Offer(60, TimeSpan.FromSeconds(5), sender.Book), sender
            .Offer(1000, TimeSpan.FromSeconds(5), sender.Read));
        var bookings = sender.Offer(60, duration, sender.Book);
        var reads = sender.Offer(3000, duration, sender.Read);
        Tell(report, $"60 bookings/s and 3,000 reads/s for {duration.TotalMinutes:0.#} min: bookings", await bookings,
            "< 50");
        Tell(report, $"60 bookings/s and 3,000 reads/s for {duration.TotalMinutes:0.#} min: reads", await reads,
            "< 20");
    }

    public static async Task Overload(Report report)
    {
        await using var bench = await SeededServer.Start(500, 20_000, 1_500_000);
        using var sender = await Sender.Over(bench);
        var calm = await bench.Book(256, 8);
        var flood = await bench.Book(2560, 20);
        var after = await bench.Book(256, 10);
        report.Add("ten times the connections of the peak", "bookings/s at the peak", [calm.PerSecond]);
        report.Add("ten times the connections of the peak", "bookings/s under it", [flood.PerSecond]);
        report.Add("ten times the connections of the peak", "goodput ÷ peak", [flood.PerSecond / calm.PerSecond],
            "≥ 0.9");
        report.Add("the 10 s after it", "bookings/s ÷ peak", [after.PerSecond / calm.PerSecond], "recovered");
    }

    static void Tell(Report report, string scenario, List<Answer> answers, string target)
    {
        var sorted = answers.Select(a => a.Milliseconds).Order().ToList();
        report.Add(scenario, "p50 ms", [sorted[sorted.Count / 2]]);
        report.Add(scenario, "p99 ms", [sorted[(int)(sorted.Count * 0.99)]], target);
        report.Add(scenario, "errors", [answers.Count(a => a.Status is not (200 or 201))], "0");
        report.Add(scenario, "answers", [answers.Count]);
    }

    sealed class Sender(SeededServer bench, HttpClient http, string[] tokens) : IDisposable
    {
        int _patient;

        public static async Task<Sender> Over(SeededServer bench) => new(bench,
            new(new SocketsHttpHandler { MaxConnectionsPerServer = 512 }) { BaseAddress = bench.Rig.Address },
                await File.ReadAllLinesAsync(bench.Tokens));

        public async Task<List<Answer>> Offer(int perSecond, TimeSpan duration, Func<Task<int>> send)
        {
            var answers = new ConcurrentBag<Answer>();
            var running = new List<Task>();
            var began = Stopwatch.GetTimestamp();
            var total = (long)(perSecond * duration.TotalSeconds);
            for (var n = 0L; n < total; n++)
            {
                var due = TimeSpan.FromSeconds((double)n / perSecond);
                var early = due - Stopwatch.GetElapsedTime(began);
                if (early > TimeSpan.FromMilliseconds(1)) await Task.Delay(early);
                running.Add(One(due));
                if (running.Count > 10_000) running.RemoveAll(t => t.IsCompleted);
            }
            await Task.WhenAll(running);
            return [.. answers];

            async Task One(TimeSpan due)
            {
                var status = 0;
                try
                {
                    status = await send();
                }
                catch (HttpRequestException)
                {
                    // Counted as an error by its status of 0.
                }
                answers.Add(new(status, (Stopwatch.GetElapsedTime(began) - due).TotalMilliseconds, due.TotalSeconds));
            }
        }

        public async Task<int> Book()
        {
            var token = tokens[Interlocked.Increment(ref _patient) % tokens.Length];
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/bookings")
            {
                Content = JsonContent
                .Create(new { slot_id = bench.NextSlot() })
            };
            request.Headers.Authorization = new("Bearer", token);
            using var answer = await http.SendAsync(request);
            return (int)answer.StatusCode;
        }

        public async Task<int> Read()
        {
            var n = Interlocked.Increment(ref _patient);
            using var answer = await http.GetAsync(new Uri(n % 2 == 0 ? "/api/doctors?limit=20"
                : $"/api/doctors/{Ids.Doctor(n % 500)}/slots", UriKind.Relative));
            return (int)answer.StatusCode;
        }

        public void Dispose() => http.Dispose();
    }
}
