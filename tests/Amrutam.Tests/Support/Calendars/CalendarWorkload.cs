using System.Collections.Concurrent;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Servers;
using NodaTime;

namespace Amrutam.Tests.Support.Calendars;

/// <summary>Patients and doctors with random wishes about the calendar, many at once, and the answers of the
/// server.</summary>
/// <remarks>Two clients may act for one person. A seed repeats the wishes of every client, but not the order in which
/// they meet.</remarks>
sealed class CalendarWorkload(TestServer server, int seed)
{
    const int Doctors = 5, Patients = 40, SlotsAhead = 16, SlotsSoon = 14, Longest = 5, MostTried = 30;
    const int FirstOfVisit = 63, LastOfVisit = 76;

    /// <summary>One kind of wish for each step.</summary>
    static readonly int[] StepKinds = [63, 70, 72, 67, 74, 80, 77, 51];

    /// <summary>A random wish: its kind, 0 to 99, and numbers that select persons and records.</summary>
    public readonly record struct Wish(int Kind, int Patient, int Doctor, int Slot, int Booking, int Entry, int Way);

    /// <summary>An acknowledged state of a booking.</summary>
    sealed record Seen(Guid Booking, int Revision, string Status, Guid Slot);

    /// <summary>A slot that an answer called booked.</summary>
    sealed record Refused(Guid Slot, Instant Sent, Instant Answered);

    // Client clocks and starts of transactions differ by the longest transaction at most.
    static readonly Duration Slack = Duration.FromSeconds(2);

    readonly ConcurrentBag<Seen> _seen = [];
    readonly ConcurrentBag<Refused> _refused = [];
    readonly ConcurrentBag<string> _wrong = [];
    readonly ConcurrentDictionary<(string Wish, int Status), int> _answers = new();
    readonly ConcurrentDictionary<Guid, (TestUser Patient, TestUser Doctor)> _bookings = new(), _visits = new();
    readonly ConcurrentDictionary<Guid, TestUser> _slots = new(), _holds = new(), _entries = new(), _timeOff = new();
    readonly HashSet<Guid> _soon = [];
    readonly List<TestUser> _doctors = [], _patients = [];
    readonly WorkloadKinds _kinds = new(server);

    public string Summary => $"seed {seed}: " + string.Join(", ", _answers.OrderBy(a => a.Key.Wish)
        .ThenBy(a => a.Key.Status).Select(a => $"{a.Key.Wish} {a.Key.Status} × {a.Value}"));

    public int Answered(string wish, int status) => _answers.GetValueOrDefault((wish, status));

    public static IEnumerable<Wish> Wishes(int seed, int client)
    {
        var random = new Random(unchecked(seed * 1_000_003 + client));
        while (true)
            yield return new(random.Next(100), random.Next(), random.Next(), random.Next(), random.Next(),
                random.Next(), random.Next());
    }

    /// <param name="wanted">The wishes that must succeed. A run on a busy machine continues for them, up to
    /// <see cref="Longest"/> times as long.</param>
    public async Task Run(int clients, TimeSpan duration, IReadOnlyCollection<(string Wish, int Status)> wanted)
    {
        await Fill();
        using var end = new CancellationTokenSource(duration);
        using var last = new CancellationTokenSource(Longest * duration);
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async client =>
        {
            foreach (var wish in Wishes(seed, client).TakeWhile(_ => !last.IsCancellationRequested
                && (!end.IsCancellationRequested || !wanted.All(_answers.ContainsKey)))) await Act(wish);
        }));
        await TryEveryStep();
        foreach (var (id, doctor) in _timeOff) await Return(doctor, id);
    }

    async Task Fill()
    {
        for (var i = 0; i < Patients; i++) _patients.Add(await server.User("patient"));
        for (var i = 0; i < Doctors; i++) _doctors.Add(await server.Doctor());
        await _kinds.Offer(_doctors[^2..]);
        // One doctor confirms by hand, so there are requests too.
        (await _doctors[0].Http.Put("/api/doctors/policy", new { requires_confirmation = true })).Is(200);
        // Published at once, so that all slots exist before the first begins, also on a busy machine.
        var soon = SystemClock.Instance.GetCurrentInstant() + Duration.FromSeconds(10);
        await Task.WhenAll(_doctors.Select(async doctor =>
        {
            var made = await Task.WhenAll(Enumerable.Range(0, SlotsSoon).Select(i => doctor.Http.Post("/api/slots", new
            {
                starts_at = ShortSlots.PublishedAt(soon, i).ToString(),
                ends_at = ShortSlots.PublishedAt(soon, i + 1).ToString(),
            })));
            lock (_soon) _soon.UnionWith(made.Select(reply => reply.Is(201).Id));
            foreach (var reply in made) _slots[reply.Id] = doctor;
            for (var i = 0; i < SlotsAhead; i++) _slots[await doctor.Slot(i)] = doctor;
        }));
        await ShortSlots.Shorten(server.Owner, soon, _soon);
    }

    Task Act(Wish wish)
    {
        var (patient, doctor) = (_patients[wish.Patient % Patients], _doctors[wish.Doctor % Doctors]);
        var (slot, owner) = Pick(_slots, wish.Slot)!.Value;
        // Most steps of a visit go to bookings that begin during the run.
        var visits = wish.Kind is >= FirstOfVisit and <= LastOfVisit && wish.Way % 4 > 0 && !_visits.IsEmpty;
        var (booking, (its, their)) = Pick(visits ? _visits : _bookings, wish.Booking)
            ?? new(Guid.CreateVersion7(), (patient, doctor));
        return wish.Kind switch
        {
            < 26 => Book(patient, slot, owner, wish),
            < 32 => Find(patient, doctor, wish),
            < 39 => Hold(patient, slot),
            < 42 => Release(patient, slot, wish),
            < 51 => Send("move", its, HttpMethod.Post, $"/api/bookings/{booking}/move",
                new { slot_id = slot, to_other_doctor = wish.Way % 2 == 0 }, slot),
            < 82 => Step(wish.Kind, booking, its, their, wish.Way % 3 > 0 ? its : their),
            < 86 => Join(wish, patient, doctor, its, booking),
            < 90 => Answer(wish),
            < 92 => Rules(doctor, wish),
            < 94 => Leave(doctor, wish),
            < 96 => Pick(_timeOff, wish.Entry) is var (off, whose) ? Return(whose, off) : Task.CompletedTask,
            _ => Any(patient),
        };
    }

    Task Step(int kind, Guid booking, TestUser patient, TestUser doctor, TestUser canceller)
    {
        var path = $"/api/bookings/{booking}";
        return kind switch
        {
            < 63 => Send("cancel", canceller, HttpMethod.Post, path + "/cancellation"),
            < 67 => Send("complete", doctor, HttpMethod.Post, path + "/completion"),
            < 70 => Send("check_in", patient, HttpMethod.Post, path + "/check-in"),
            < 72 => Send("start", doctor, HttpMethod.Post, path + "/start"),
            < 74 => Send("no_show", doctor, HttpMethod.Post, path + "/no-show", new { party = "patient" }),
            < 77 => Send("undo", doctor, HttpMethod.Post, path + "/undo"),
            < 80 => Send("accept", doctor, HttpMethod.Post, path + "/acceptance"),
            _ => Send("decline", doctor, HttpMethod.Post, path + "/decline"),
        };
    }

    /// <summary>Tries every step on bookings of the run, so that steps meet states that do not allow them.</summary>
    Task TryEveryStep() => Parallel.ForEachAsync(_visits.Take(MostTried).Concat(_bookings.Take(MostTried)).Index(),
        async (tried, _) =>
        {
            var (first, (booking, (patient, doctor))) = tried;
            for (var i = first; i < first + 2 * StepKinds.Length; i++)
                await Step(StepKinds[i % StepKinds.Length], booking, patient, doctor, patient);
        });

    async Task Hold(TestUser patient, Guid slot)
    {
        var reply = await Send("hold", patient, HttpMethod.Post, $"/api/slots/{slot}/hold", slot: slot);
        if (reply.Status == 201) _holds[slot] = patient;
    }

    async Task Release(TestUser patient, Guid slot, Wish wish)
    {
        if (Pick(_holds, wish.Entry) is var (held, holder)) (slot, patient) = (held, holder);
        _holds.TryRemove(slot, out _);
        await Send("release", patient, HttpMethod.Delete, $"/api/slots/{slot}/hold");
    }

    async Task Book(TestUser patient, Guid slot, TestUser owner, Wish wish)
    {
        var (name, request) = _kinds.Booking(owner, slot, wish.Way);
        var reply = await Send(name, patient, HttpMethod.Post, "/api/bookings", request, slot);
        if (reply.Status != 201) return;
        _bookings[reply.Id] = (patient, owner);
        if (_soon.Contains(slot)) _visits[reply.Id] = (patient, owner);
    }

    /// <summary>Books one of the doctor's listed slots, published by hand or generated.</summary>
    async Task Find(TestUser patient, TestUser doctor, Wish wish)
    {
        var path = $"/api/doctors/{doctor.Id}/slots?from={Availability.Iso(Calendar.Start.InUtc().Date)}&limit=100";
        var found = (await Send("find", patient, HttpMethod.Get, path)).Ids().ToList();
        foreach (var slot in found) _slots.TryAdd(slot, doctor);
        if (found.Count > 0) await Book(patient, found[wish.Slot % found.Count], doctor, wish);
    }

    async Task Any(TestUser patient)
    {
        var (from, to) = (Calendar.Start.ToString(), (Calendar.Start + Duration.FromHours(16)).ToString());
        var reply = await Send("any", patient, HttpMethod.Post, "/api/bookings",
            new { specialization = "Ayurveda", between = new { from, to } });
        if (reply.Status == 201) _bookings[reply.Id] = (patient, DoctorOf(reply));
    }

    async Task Join(Wish wish, TestUser patient, TestUser doctor, TestUser its, Guid booking)
    {
        var until = Calendar.Start + Duration.FromHours(1 + wish.Entry % 15);
        var (who, line) = wish.Way % 2 == 0 ? (its, (object)new { booking_id = booking })
            : (patient, new { doctor_id = doctor.Id, to = until.ToString() });
        var reply = await Send("join", who, HttpMethod.Post, "/api/waitlist", line);
        if (reply.Status == 201) _entries[reply.Id] = who;
    }

    Task Answer(Wish wish)
    {
        if (Pick(_entries, wish.Entry) is not var (entry, patient)) return Task.CompletedTask;
        return (wish.Way % 4) switch
        {
            0 => Send("leave_line", patient, HttpMethod.Delete, "/api/waitlist/" + entry),
            1 => Send("pass_on", patient, HttpMethod.Post, $"/api/waitlist/{entry}/decline"),
            _ => Accept(patient, entry),
        };
    }

    async Task Accept(TestUser patient, Guid entry)
    {
        var reply = await Send("take_offer", patient, HttpMethod.Post, $"/api/waitlist/{entry}/acceptance");
        if (reply.Status == 200) _bookings.TryAdd(reply.Id, (patient, DoctorOf(reply)));
    }

    // In the doctors' zone, after the last slot that was published by hand.
    Task Rules(TestUser doctor, Wish wish) => Send("rules", doctor, HttpMethod.Put, "/api/availability", new
    {
        rules = Availability.Daily("13:00", wish.Way % 2 == 0 ? "16:00" : "18:00", wish.Entry % 2 == 0 ? 30 : 60),
        horizon_days = 3, minimum_notice_minutes = wish.Slot % 2 * 60,
    }, match: "*");

    async Task Leave(TestUser doctor, Wish wish)
    {
        var from = Calendar.Start + Duration.FromMinutes(30) * (wish.Slot % (2 * SlotsAhead));
        var reply = await Send("leave", doctor, HttpMethod.Post, "/api/availability/time-off", new
        {
            from = from.ToString(), to = from.Plus(Duration.FromHours(1)).ToString(),
            bookings = new[] { "refuse", "cancel", "move" }[wish.Way % 3],
        });
        if (reply.Status == 201) _timeOff[reply.Id] = doctor;
    }

    async Task Return(TestUser doctor, Guid timeOff)
    {
        var reply = await Send("return", doctor, HttpMethod.Delete, "/api/availability/time-off/" + timeOff);
        if (reply.Status is 204 or 404) _timeOff.TryRemove(timeOff, out _);
    }

    TestUser DoctorOf(Reply booked) => _doctors.First(doctor => doctor.Id == Guid.Parse(booked["doctor_id"]));

    /// <summary>One of the present records, in the order of ids; null if there is none.</summary>
    static KeyValuePair<Guid, T>? Pick<T>(ConcurrentDictionary<Guid, T> all, int number)
    {
        var there = all.ToArray();
        Array.Sort(there, (one, other) => one.Key.CompareTo(other.Key));
        return there.Length == 0 ? null : there[number % there.Length];
    }

    /// <param name="slot">The wanted slot, or null.</param>
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

    /// <summary>The answers, the log and the tables agree, and every step was legal.</summary>
    public async Task ShouldBeSequential()
    {
        var model = await CalendarModel.Of(server);
        _wrong.Take(10).ShouldBeEmpty(Summary);
        model.Violations.Take(10).ShouldBeEmpty(Summary);
        var stored = await server.Owner.Statement("select id, revision, status, slot_id from scheduling.bookings")
            .List(row => new Seen(row.GetGuid(0), row.GetInt32(1), row.GetString(2), row.GetGuid(3)));
        stored.Concat(_seen).Where(s => !model.Bookings.TryGetValue(s.Booking, out var steps)
                || steps.ElementAtOrDefault(s.Revision) is not { } step
                || (step.Status, step.Slot) != (s.Status, s.Slot))
            .Take(10).ShouldBeEmpty("an answer or a row that the log does not have; " + Summary);
        stored.Where(s => s.Revision != model.Bookings[s.Booking].Count - 1).Take(10).ShouldBeEmpty(Summary);
        _refused.Where(r => !WasBooked(model, r)).Take(10)
            .ShouldBeEmpty("a slot was said to be booked while it was not; " + Summary);
        (await server.Owner.Statement("select id, booking_id from scheduling.slots where booking_id is not null")
            .List(row => (row.GetGuid(0), row.GetGuid(1)))).Order()
            .ShouldBe(model.Booked.Select(b => (b.Key, b.Value)).Order(), Summary);
        await server.ShouldKeepItsInvariants();
        await server.MakeSlotsAhead();
        foreach (var doctor in _doctors) await ShouldBeAsTheRulesSay(doctor);
    }

    /// <summary>After the job that generates slots has run, a preview of the present rules shows no change.</summary>
    async Task ShouldBeAsTheRulesSay(TestUser doctor)
    {
        var offered = (await doctor.Http.Get("/api/availability")).Is(200);
        var preview = (await doctor.Http.Post("/api/availability/preview", new
        {
            rules = offered.Body.GetProperty("rules"), horizon_days = offered.Number("horizon_days"),
            minimum_notice_minutes = offered.Number("minimum_notice_minutes"),
        })).Is(200);
        (preview.Number("slots_added"), preview.Number("slots_removed")).ShouldBe((0, 0), preview.Text + Summary);
    }

    static bool WasBooked(CalendarModel model, Refused refused) => model.Stays.TryGetValue(refused.Slot, out var stays)
        && stays.Any(stay => stay.From <= refused.Answered && (stay.Until is not { } until
            || until + Slack >= refused.Sent));
}
