using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;

namespace Amrutam.Bench;

/// <summary>The durations of responses in milliseconds, counted from the time at which each request was due.</summary>
sealed class Latencies(IReadOnlyCollection<(int Status, double Milliseconds)> answers)
{
    readonly double[] _sorted = [.. answers.Select(a => a.Milliseconds).Order()];

    public double P50 => _sorted[_sorted.Length / 2];
    public double P99 => _sorted[(int)(_sorted.Length * 0.99)];
    public double Longest => _sorted[^1];
    public int Count => _sorted.Length;

    /// <summary>The number of responses other than 200 and 201, and of requests without a response.</summary>
    public int Errors { get; } = answers.Count(a => a.Status is not (200 or 201));
}

/// <summary>Sends requests by a timetable, whether or not earlier ones have a response.</summary>
/// <remarks>So a stalled server is charged for every request that waited, and not only for the one in
/// progress.</remarks>
sealed class Sender(SeededServer bench, HttpClient http, string[] tokens, int doctors) : IDisposable
{
    int _booked, _read, _asked;

    public static async Task<Sender> Over(SeededServer bench, int doctors) => new(bench,
        new(new SocketsHttpHandler { MaxConnectionsPerServer = 512 }) { BaseAddress = bench.Rig.Address },
            await File.ReadAllLinesAsync(bench.Tokens), doctors);

    public async Task<Latencies> Offer(int perSecond, TimeSpan duration, Func<Task<int>> send)
    {
        var answers = new ConcurrentBag<(int, double)>();
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
        return new(answers);

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
            answers.Add((status, (Stopwatch.GetElapsedTime(began) - due).TotalMilliseconds));
        }
    }

    public async Task<int> Book()
    {
        // It takes patients in turn. If a patient came again too early, two slots of theirs could overlap.
        var token = tokens[Interlocked.Increment(ref _booked) % tokens.Length];
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/bookings")
        {
            Content = JsonContent.Create(new { slot_id = bench.NextSlot() }),
        };
        request.Headers.Authorization = new("Bearer", token);
        using var answer = await http.SendAsync(request);
        return (int)answer.StatusCode;
    }

    /// <summary>The directory's first page and a doctor's open slots, in turns.</summary>
    public Task<int> Read() => Interlocked.Increment(ref _read) % 2 == 0 ? ReadDirectory() : ReadSlots();

    public Task<int> ReadDirectory() => Get("/api/doctors?limit=20");

    /// <summary>One doctor after another.</summary>
    public Task<int> ReadSlots() =>
        Get($"/api/doctors/{Ids.Doctor(Interlocked.Increment(ref _asked) % doctors)}/slots");

    async Task<int> Get(string path)
    {
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative));
        return (int)answer.StatusCode;
    }

    public void Dispose() => http.Dispose();
}
