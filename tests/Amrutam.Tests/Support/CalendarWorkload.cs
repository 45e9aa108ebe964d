using System.Collections.Concurrent;
using Amrutam.Platform;
using NodaTime;

namespace Amrutam.Tests.Support;

/// <summary>Patients and doctors who do at random everything that the calendar offers, many at once, also two of them
/// as one person; and what the server answered.</summary>
/// <remarks>A seed gives every client the same wishes again; in which order they meet is the machine's.</remarks>
sealed class CalendarWorkload(TestServer server, int seed)
{
    const int Doctors = 5, Patients = 40, SlotsAhead = 16, SlotsSoon = 14;

    /// <summary>An acknowledged state of a booking.</summary>
    sealed record Seen(Guid Booking, int Revision, string Status, Guid Slot);

    /// <summary>A slot that somebody was told is booked.</summary>
    sealed record Refused(Guid Slot, Instant Sent, Instant Answered);

    // Starts of transactions are compared with clients' clocks: the same clock, apart by the longest transaction.
    static readonly Duration Slack = Duration.FromSeconds(2);

    readonly ConcurrentBag<Seen> _seen = [];
    readonly ConcurrentBag<Refused> _refused = [];
    readonly ConcurrentBag<string> _wrong = [];
    readonly ConcurrentDictionary<(string Wish, int Status), int> _answers = new();
    readonly ConcurrentDictionary<Guid, (TestUser Patient, TestUser Doctor)> _bookings = new();
    readonly List<(Guid Id, TestUser Doctor)> _slots = [];
    readonly List<TestUser> _doctors = [], _patients = [];
    readonly ConcurrentDictionary<Guid, TestUser> _offered = new();

    public string Summary => $"seed {seed}: " + string.Join(", ", _answers.OrderBy(a => a.Key.Wish)
        .ThenBy(a => a.Key.Status).Select(a => $"{a.Key.Wish} {a.Key.Status} × {a.Value}"));

    public int Answered(string wish, int status) => _answers.GetValueOrDefault((wish, status));

    public async Task Run(int clients, TimeSpan duration)
    {
        await Fill();
        using var end = new CancellationTokenSource(duration);
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async client =>
        {
            var random = new Random(seed + client);
            while (!end.IsCancellationRequested) await Act(random);
        }));
    }

    async Task Fill()
    {
        for (var i = 0; i < Patients; i++) _patients.Add(await server.User("patient"));
        var soon = SystemClock.Instance.GetCurrentInstant() + Duration.FromSeconds(6);
        for (var d = 0; d < Doctors; d++)
        {
            var doctor = await server.Doctor();
            _doctors.Add(doctor);
            // One doctor confirms by hand, so that requests are among it all.
            if (d == 0) (await doctor.Http.Put("/api/doctors/policy", new { requires_confirmation = true })).Is(200);
            for (var i = 0; i < SlotsAhead; i++) _slots.Add((await doctor.Slot(i), doctor));
            for (var i = 0; i < SlotsSoon; i++)
                _slots.Add(((await doctor.Http.Post("/api/slots", new
                {
                    starts_at = (soon + Duration.FromSeconds(i)).ToString(),
                    ends_at = (soon + Duration.FromSeconds(i + 1)).ToString(),
                })).Is(201).Id, doctor));
        }
    }

    Task Act(Random random)
    {
        var (patient, doctor) = (Any(_patients, random), Any(_doctors, random));
        var (slot, owner) = Any(_slots, random);
        var bookings = _bookings.Keys.Order().ToList();
        var booking = bookings.Count == 0 ? Guid.CreateVersion7() : Any(bookings, random);
        var (its, their) = _bookings.TryGetValue(booking, out var known) ? known : (patient, doctor);
        var path = $"/api/bookings/{booking}";
        return random.Next(100) switch
        {
            < 30 => Book(patient, slot, owner),
            < 38 => Send("hold", patient, HttpMethod.Post, $"/api/slots/{slot}/hold", slot: slot),
            < 42 => Send("release", patient, HttpMethod.Delete, $"/api/slots/{slot}/hold"),
            < 52 => Send("move", its, HttpMethod.Post, path + "/move", new { slot_id = slot }, slot),
            < 64 => Send("cancel", random.Next(3) > 0 ? its : their, HttpMethod.Post, path + "/cancellation"),
            < 68 => Send("complete", their, HttpMethod.Post, path + "/completion"),
            < 71 => Send("check_in", its, HttpMethod.Post, path + "/check-in"),
            < 73 => Send("start", their, HttpMethod.Post, path + "/start"),
            < 75 => Send("no_show", their, HttpMethod.Post, path + "/no-show", new { party = "patient" }),
            < 78 => Send("undo", their, HttpMethod.Post, path + "/undo"),
            < 81 => Send("accept", their, HttpMethod.Post, path + "/acceptance"),
            < 83 => Send("decline", their, HttpMethod.Post, path + "/declination"),
            < 87 => Join(patient, doctor, its, booking, random),
            < 91 => Answer(random),
            < 93 => Rules(doctor, random),
            < 95 => Leave(doctor, random),
            _ => Any(patient),
        };
    }

    async Task Book(TestUser patient, Guid slot, TestUser owner)
    {
        var reply = await Send("book", patient, HttpMethod.Post, "/api/bookings", new { slot_id = slot }, slot);
        if (reply.Status == 201) _bookings[reply.Id] = (patient, owner);
    }

    async Task Any(TestUser patient)
    {
        var reply = await Send("any", patient, HttpMethod.Post, "/api/bookings", new
        {
            specialization = "Ayurveda",
            between = new
            {
                from = Calendar.Start.ToString(), to = (Calendar.Start + Duration.FromHours(8))
                .ToString()
            },
        });
        if (reply.Status == 201)
            _bookings[reply.Id] = (patient, _doctors.First(d => d.Id == Guid.Parse(reply["doctor_id"])));
    }

    async Task Join(TestUser patient, TestUser doctor, TestUser its, Guid booking, Random random)
    {
        var (who, wish) = random.Next(2) == 0 ? (its, (object)new { booking_id = booking })
            : (patient, new
            {
                doctor_id = doctor.Id, to = Calendar.Start.Plus(Duration.FromHours(random.Next(1, 9)))
                .ToString()
            });
        var reply = await Send("join", who, HttpMethod.Post, "/api/waitlist", wish);
        if (reply.Status != 201) return;
        _offered[reply.Id] = who;
    }

    Task Answer(Random random)
    {
        var open = _offered.Keys.Order().ToList();
        if (open.Count == 0) return Task.CompletedTask;
        var entry = Any(open, random);
        var patient = _offered[entry];
        return random.Next(4) switch
        {
            0 => Send("leave_line", patient, HttpMethod.Delete, "/api/waitlist/" + entry),
            1 => Send("pass_on", patient, HttpMethod.Post, $"/api/waitlist/{entry}/declination"),
            _ => Accept(patient, entry),
        };
    }

    async Task Accept(TestUser patient, Guid entry)
    {
        var reply = await Send("take_offer", patient, HttpMethod.Post, $"/api/waitlist/{entry}/acceptance");
        if (reply.Status == 200)
            _bookings.TryAdd(reply.Id, (patient, _doctors.First(d => d.Id == Guid.Parse(reply["doctor_id"]))));
    }

    Task Rules(TestUser doctor, Random random) => Send("rules", doctor, HttpMethod.Put, "/api/availability", new
    {
        rules = Enum.GetNames<DayOfWeek>().Select(day => new
        {
            weekday = day.ToLowerInvariant(), from = "18:00", to = random.Next(2) == 0 ? "20:00" : "21:00",
            slot_minutes = 30,
        }).ToArray(),
        horizon_days = 3,
    }, match: "*");

    async Task Leave(TestUser doctor, Random random)
    {
        var from = Calendar.Start.Plus(Duration.FromMinutes(30 * random.Next(SlotsAhead)));
        var reply = await Send("leave", doctor, HttpMethod.Post, "/api/availability/time-off", new
        {
            from = from.ToString(), to = from.Plus(Duration.FromHours(1)).ToString(),
            bookings = new[] { "refuse", "cancel", "move" }[random.Next(3)],
        });
        if (reply.Status == 201)
            await Send("return", doctor, HttpMethod.Delete, "/api/availability/time-off/" + reply.Id);
    }

    /// <param name="slot">The slot that is wanted, if one is.</param>
    async Task<Reply> Send(string wish, TestUser user, HttpMethod method, string path, object? body = null,
        Guid? slot = null, string? match = null)
    {
        var sent = SystemClock.Instance.GetCurrentInstant();
        var reply = await user.Http.Send(method, path, body, headers: match is null ? [] : [("If-Match", match)]);
        _answers.AddOrUpdate((wish, reply.Status), 1, (_, n) => n + 1);
        if (reply.Status is >= 500 or 400 or 401 or 403 or 405 or 415)
            _wrong.Add($"{wish} was answered {reply.Status}: {reply.Text}");
        if (reply is { Status: 409, Code: "one_active_booking_per_slot" } && slot is { } wanted)
            _refused.Add(new(wanted, sent, SystemClock.Instance.GetCurrentInstant()));
        if (reply.Status is 200 or 201 && reply.Text.Contains("\"revision\":", StringComparison.Ordinal)
            && reply.Body.TryGetProperty("patient_id", out _))
            _seen.Add(new(reply.Id, reply.Body.GetProperty("revision").GetInt32(), reply["status"],
                Guid.Parse(reply["slot_id"])));
        return reply;
    }

    static T Any<T>(List<T> items, Random random) => items[random.Next(items.Count)];

    /// <summary>What was answered, what the log says and what the tables hold are one story, and a legal one.</summary>
    public async Task ShouldBeSequential()
    {
        var model = await CalendarModel.Of(server);
        _wrong.Take(10).ShouldBeEmpty(Summary);
        model.Violations.Take(10).ShouldBeEmpty(Summary);
        var stored = await server.Owner.Statement("select id, revision, status, slot_id from scheduling.bookings")
            .List(row => new Seen(row.GetGuid(0), row.GetInt32(1), row.GetString(2), row.GetGuid(3)));
        stored.Concat(_seen).Where(s => !model.Bookings.TryGetValue(s.Booking, out var steps)
                || s.Revision >= steps.Count || steps[s.Revision].Status != s.Status
                    || steps[s.Revision].Slot != s.Slot)
            .Take(10).ShouldBeEmpty("an answer or a row that the log does not tell of; " + Summary);
        stored.Where(s => s.Revision != model.Bookings[s.Booking].Count - 1).Take(10).ShouldBeEmpty(Summary);
        _refused.Where(r => !WasBooked(model, r)).Take(10)
            .ShouldBeEmpty("a slot was said to be booked while it was not; " + Summary);
        (await server.Owner.Statement("select id, booking_id from scheduling.slots where booking_id is not null")
            .List(row => (row.GetGuid(0), row.GetGuid(1)))).Order()
            .ShouldBe(model.Booked.Select(b => (b.Key, b.Value)).Order(), Summary);
        await server.ShouldKeepItsInvariants();
    }

    static bool WasBooked(CalendarModel model, Refused refused) => model.Stays.TryGetValue(refused.Slot, out var stays)
        && stays.Any(stay => stay.From <= refused.Answered && (stay.Until is not { } until
            || until + Slack >= refused.Sent));
}
