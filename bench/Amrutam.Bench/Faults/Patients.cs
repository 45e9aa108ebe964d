using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace Amrutam.Bench.Faults;

/// <summary>Patients who book without a pause, and repeat a request under its key until it has a final
/// answer.</summary>
/// <remarks>One attempt in ten is a pair of overlapping slots for one patient, and one is a slot that two patients
/// want.</remarks>
sealed class Patients : IDisposable
{
    public const int Doctors = 20, Accounts = 2_000, Clients = 8;

    const int Pair = 0, Contest = 1, Kinds = 10;
    static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20), Again = TimeSpan.FromMilliseconds(100);

    // A start on a busy machine, or a standby that is built again, may take most of it.
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // Longer than the server waits for its database.
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    static readonly TimeSpan TokenLives = TimeSpan.FromMinutes(10);

    readonly HttpClient _http;
    readonly Uri[] _servers;
    readonly Tokens _tokens;
    readonly string _folder;
    readonly int _seed, _slots;
    readonly ConcurrentDictionary<int, (string Token, long Since)> _issued = [];
    readonly CancellationTokenSource _stop = new();
    int _next;

    /// <param name="servers">The servers' addresses. A repeated request goes to the next one.</param>
    /// <param name="folder">The folder of the ledgers.</param>
    public Patients(Uri[] servers, Tokens tokens, string folder, int seed, int slots)
    {
        (_servers, _tokens, _folder, _seed, _slots) = (servers, tokens, folder, seed, slots);
        _http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) }) { Timeout = Longest };
    }

    public Acknowledgements Acknowledged { get; } = new();

    /// <summary>The number of tries by status. 0 stands for a connection that failed.</summary>
    public ConcurrentDictionary<int, int> Tries { get; } = [];

    /// <summary>The duration of each try that had an answer, in milliseconds, with the time of its end.</summary>
    public ConcurrentQueue<(long At, double Milliseconds)> Durations { get; } = [];

    public Task Run() => Task.WhenAll(Enumerable.Range(0, Clients).Select(Client));

    /// <summary>Lets each client finish the attempt that it is in, and begin no other.</summary>
    public void Stop() => _stop.Cancel();

    public void Dispose()
    {
        _http.Dispose();
        _stop.Dispose();
    }

    async Task Client(int client)
    {
        using var ledger = new Ledger(_folder, client);
        var random = new Random(_seed * Clients + client);
        while (!_stop.IsCancellationRequested)
        {
            await Task.WhenAll(Next(random).Select(attempt => Book(attempt, random.Next(_servers.Length), ledger)));
            await Task.Delay(Pace);
        }
    }

    Attempt[] Next(Random random)
    {
        // Two slots that follow each other belong to different doctors and begin at the same time.
        var first = Interlocked.Add(ref _next, 2) % _slots;
        var (slot, other, patient) = (Ids.Slot(first), Ids.Slot(first + 1), first % Accounts);
        return random.Next(Kinds) switch
        {
            Pair => [New(slot, patient), New(other, patient)],
            Contest => [New(slot, patient), New(slot, patient + 1)],
            _ => [New(slot, patient)],
        };

        static Attempt New(Guid slot, int patient) => new(Guid.CreateVersion7(), slot, patient);
    }

    async Task Book(Attempt attempt, int server, Ledger ledger)
    {
        ledger.Write(attempt);
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < Patience; server++)
        {
            var (status, booking) = await Try(attempt, _servers[server % _servers.Length]);
            Tries.AddOrUpdate(status, 1, (_, count) => count + 1);
            if (status is 0 or 429 or >= 502)
            {
                await Task.Delay(Again);
                continue;
            }
            ledger.Write(new Answer(attempt.Key, status, booking));
            if (booking is not null) Acknowledged.Add();
            return;
        }
    }

    async Task<(int Status, Guid? Booking)> Try(Attempt attempt, Uri server)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, "/api/bookings"))
        {
            Content = JsonContent.Create(new { slot_id = attempt.Slot }),
        };
        request.Headers.Authorization = new("Bearer", Token(attempt.Patient));
        request.Headers.Add("Idempotency-Key", attempt.Key.ToString());
        var began = Stopwatch.GetTimestamp();
        try
        {
            using var answer = await _http.SendAsync(request);
            var body = await answer.Content.ReadAsStringAsync();
            var ended = Stopwatch.GetTimestamp();
            Durations.Enqueue((ended, Stopwatch.GetElapsedTime(began, ended).TotalMilliseconds));
            if (!answer.IsSuccessStatusCode) return ((int)answer.StatusCode, null);
            using var booking = JsonDocument.Parse(body);
            return ((int)answer.StatusCode, booking.RootElement.GetProperty("id").GetGuid());
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            return (0, null);
        }
    }

    string Token(int patient)
    {
        if (_issued.TryGetValue(patient, out var issued) && Stopwatch.GetElapsedTime(issued.Since) < TokenLives)
            return issued.Token;
        return (_issued[patient] = (_tokens.Of(patient), Stopwatch.GetTimestamp())).Token;
    }
}
