using System.Collections.Concurrent;
using System.Threading.Channels;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Support.Calendars;

/// <summary>Patients who book, cancel and move at random, and a ledger of every acknowledged change.</summary>
/// <remarks>A patient sends one request at a time and repeats it with the same key until an answer comes. So after the
/// run the database must hold exactly the ledger's bookings in their last acknowledged states.</remarks>
sealed class Workload(IReadOnlyList<TestUser> patients, IReadOnlyList<Guid> slots, int seed)
{
    sealed record Entry(Guid Patient, Guid Slot, string Status);

    readonly ConcurrentDictionary<Guid, Entry> _ledger = new();
    readonly ConcurrentDictionary<int, int> _statuses = new();
    int _unanswered;

    /// <summary>The number of answers by status, for the message of a failing test.</summary>
    public string Summary =>
        $"seed {seed}: {string.Join(", ", _statuses.OrderBy(s => s.Key).Select(s => $"{s.Value} × {s.Key}"))}, "
        + $"{_unanswered} unanswered";

    public int Answered(int status) => _statuses.GetValueOrDefault(status);

    public async Task Run(int clients, TimeSpan duration)
    {
        var idle = Channel.CreateUnbounded<TestUser>();
        foreach (var patient in patients) idle.Writer.TryWrite(patient);
        using var end = new CancellationTokenSource(duration);
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async client =>
        {
            var random = new Random(seed + client);
            while (!end.IsCancellationRequested)
            {
                var patient = await idle.Reader.ReadAsync();
                await Act(patient, random);
                idle.Writer.TryWrite(patient);
            }
        }));
    }

    async Task Act(TestUser patient, Random random)
    {
        var slot = slots[random.Next(slots.Count)];
        var own = _ledger.Where(e => e.Value.Patient == patient.Id && e.Value.Status == "confirmed").Select(e => e.Key)
            .Order().ToList();
        // More bookings than cancellations, so that the calendar fills and most wishes collide.
        var choice = own.Count == 0 ? 0 : random.Next(4);
        var path = choice < 2 ? "/api/bookings"
            : $"/api/bookings/{own[random.Next(own.Count)]}/{(choice == 2 ? "move" : "cancellation")}";
        var reply = await Insist(patient, path, choice == 3 ? new { } : new { slot_id = slot },
            $"w-{random.NextInt64():x}");
        _statuses.AddOrUpdate(reply.Status, 1, (_, n) => n + 1);
        if (reply.Status is 200 or 201) _ledger[reply.Id] =
            new(patient.Id, Guid.Parse(reply["slot_id"]), reply["status"]);
    }

    async Task<Reply> Insist(TestUser patient, string path, object body, string key)
    {
        while (true)
        {
            try
            {
                var reply = await patient.Http.Post(path, body, key);
                if (reply.Status != 503) return reply;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
            {
                // The outcome is unknown. The key makes the repetition safe.
            }
            Interlocked.Increment(ref _unanswered);
            await Task.Delay(50);
        }
    }

    /// <summary>The database holds every acknowledged booking in its last acknowledged state, and no other.</summary>
    public async Task ShouldBeWhatTheDatabaseHolds(TestServer server)
    {
        var held = await server.Owner.Statement("select id, patient_id, slot_id, status from scheduling.bookings")
            .List(row => (row.GetGuid(0), new Entry(row.GetGuid(1), row.GetGuid(2), row.GetString(3))));
        held.OrderBy(b => b.Item1).ShouldBe(_ledger.OrderBy(e => e.Key).Select(e => (e.Key, e.Value)), Summary);
        await server.ShouldKeepItsInvariants();
    }
}
