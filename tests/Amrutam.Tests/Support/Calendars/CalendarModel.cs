using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Servers;
using NodaTime;

namespace Amrutam.Tests.Support.Calendars;

/// <summary>Replays the event log one event at a time. It lists each event that a sequential program could not have
/// written.</summary>
/// <remarks>A slot's events are written under its lock, so their positions have the order of their effects. The model
/// uses neither tables nor statements of the product. Its steps come from <see cref="BookingSteps"/>.</remarks>
sealed class CalendarModel
{
    /// <param name="More">The other slots of a long visit.</param>
    public sealed record Step(string Status, Guid Slot, Instant At, Guid[] More)
    {
        public IEnumerable<Guid> Slots => More.Prepend(Slot);
    }

    /// <summary>A time in which a slot was booked, by the events. The end is null for the present booking.</summary>
    public sealed record Stay(Guid Booking, Instant From, Instant? Until);

    sealed record Hold(Guid Holder, Instant Until);

    sealed record Event(Instant At, Guid? Actor, string Action, string Kind, Guid Entity, JsonElement Details);

    // An event has the time of its transaction's start; a hold's end comes from a later statement.
    static readonly Duration Slack = Duration.FromSeconds(1);

    readonly Dictionary<Guid, Hold> _holds = [];
    readonly Dictionary<Guid, (Guid Doctor, Interval Time)> _slots = [], _timeOff = [];
    readonly Dictionary<Guid, Guid> _booked = [];

    public List<string> Violations { get; } = [];

    /// <summary>The states of each booking; the n-th has revision n.</summary>
    public Dictionary<Guid, List<Step>> Bookings { get; } = [];

    public Dictionary<Guid, List<Stay>> Stays { get; } = [];

    public IReadOnlyDictionary<Guid, Guid> Booked => _booked;

    public static async Task<CalendarModel> Of(TestServer server)
    {
        var model = new CalendarModel();
        foreach (var (slot, doctor, time) in await server.Owner.Statement(WhenSlotsAre).List(row =>
            (row.GetGuid(0), row.GetGuid(1), new Interval(row.GetInstant(2), row.GetInstant(3)))))
            model._slots[slot] = (doctor, time);
        var events = await server.Owner.Statement(InOrder).List(row => new Event(row.GetInstant(0),
            row.GetGuidOrNull(1), row.GetString(2), row.GetString(3), row.GetGuid(4),
            JsonElement.Parse(row.GetStringOrNull(5) ?? "{}")));
        foreach (var e in events) model.Apply(e);
        return model;
    }

    void Apply(Event e)
    {
        switch (e.Action)
        {
            case "slots.held": Keep(e.Entity, e.Actor!.Value, Until("until"), e); break;
            case "slots.released": _holds.Remove(e.Entity); break;
            case "slots.closed" when e.Kind == "slot":
                Expect(!IsHeld(e.Entity, e.At + 2 * Slack), e, "closes a slot that is held");
                _holds.Remove(e.Entity);
                break;
            case "time_off.taken": Leave(e, new(Until("starts_at"), Until("ends_at"))); break;
            case "time_off.withdrawn": _timeOff.Remove(e.Entity); break;
            case "waitlist.offered": Keep(Id("slot_id"), Id("patient_id"), Until("expires_at"), e); break;
            case "waitlist.passed" or "waitlist.left" or "waitlist.lapsed"
                when e.Details.TryGetProperty("slot_id", out var passed):
                if (_holds.TryGetValue(passed.GetGuid(), out var hold) && hold.Holder == Id("patient_id"))
                    _holds.Remove(passed.GetGuid());
                break;
            case "bookings.booked" or "bookings.requested":
                Expect(!Bookings.ContainsKey(e.Entity), e, "is made twice");
                var status = e.Action == "bookings.booked" ? "confirmed" : "requested";
                var made = new Step(status, Id("slot_id"), e.At, More(e));
                foreach (var slot in made.Slots) Enter(e.Entity, slot, e.Actor!.Value, e);
                Bookings[e.Entity] = [made];
                break;
            default:
                if (e.Kind == "booking" && e.Action.Split('.') is ["bookings", var step]) Take(e, step);
                break;
        }

        Guid Id(string member) => e.Details.GetProperty(member).GetGuid();

        Instant Until(string member) => Instant.FromDateTimeOffset(e.Details.GetProperty(member).GetDateTimeOffset());
    }

    /// <summary>Time off begins. Every booking in that time must have left before.</summary>
    void Leave(Event e, Interval time)
    {
        var doctor = e.Details.GetProperty("doctor_id").GetGuid();
        foreach (var slot in _booked.Keys.Where(slot => _slots[slot].Doctor == doctor))
            Expect(!Overlap(_slots[slot].Time, time), e, $"leaves {_booked[slot]} behind");
        _timeOff[e.Entity] = (doctor, time);
    }

    static bool Overlap(Interval one, Interval other) => one.Start < other.End && other.Start < one.End;

    void Take(Event e, string step)
    {
        if (!Bookings.TryGetValue(e.Entity, out var steps))
        {
            Violations.Add($"{e.Action} of {e.Entity}, which was never made");
            return;
        }
        var (now, before) = (steps[^1], steps.Count > 1 ? steps[^2].Status : "");
        var to = BookingSteps.After(now.Status, step);
        if (to == BookingSteps.Before) to = before;
        Expect(to is not null, e, $"is not legal after {now.Status}");
        var next = step != "moved" ? now
            : new Step(now.Status, e.Details.GetProperty("slot_id").GetGuid(), e.At, More(e));
        if (step is "moved" or "cancelled" or "declined" or "expired")
            foreach (var slot in now.Slots) Leave(e.Entity, slot, e);
        if (step == "moved")
            foreach (var slot in next.Slots) Enter(e.Entity, slot, null, e);
        steps.Add(next with { Status = to ?? now.Status, At = e.At });
    }

    static Guid[] More(Event e) => e.Details.TryGetProperty("more_slot_ids", out var more)
        ? [.. more.EnumerateArray().Select(slot => slot.GetGuid())] : [];

    void Keep(Guid slot, Guid holder, Instant until, Event e)
    {
        Expect(!_booked.ContainsKey(slot), e, $"of {slot}, which is booked");
        Expect(IsFreeFor(slot, holder, e.At), e, $"of {slot}, which is held");
        _holds[slot] = new(holder, until);
    }

    void Enter(Guid booking, Guid slot, Guid? patient, Event e)
    {
        Expect(!_booked.ContainsKey(slot), e, $"takes {slot}, which is booked");
        Expect(patient is null || IsFreeFor(slot, patient.Value, e.At), e, $"takes {slot}, which is held for another");
        var (doctor, time) = _slots[slot];
        // A hold is kept when its doctor leaves, and its holder may still book.
        Expect(IsHeld(slot, e.At) || !_timeOff.Values.Any(off => off.Doctor == doctor && Overlap(off.Time, time)), e,
            $"takes {slot} while its doctor is away");
        _booked[slot] = booking;
        _holds.Remove(slot);
        if (!Stays.TryGetValue(slot, out var stays)) Stays[slot] = stays = [];
        stays.Add(new(booking, e.At, null));
    }

    void Leave(Guid booking, Guid slot, Event e)
    {
        Expect(_booked.TryGetValue(slot, out var there) && there == booking, e, $"leaves {slot}, where it is not");
        _booked.Remove(slot);
        if (Stays.TryGetValue(slot, out var stays)) stays[^1] = stays[^1] with { Until = e.At };
    }

    bool IsFreeFor(Guid slot, Guid patient, Instant at) => !_holds.TryGetValue(slot, out var hold)
        || hold.Holder == patient || hold.Until <= at + Slack;

    bool IsHeld(Guid slot, Instant at) =>
        _holds.TryGetValue(slot, out var hold) && hold.Until > at - Slack;

    void Expect(bool holds, Event e, string otherwise)
    {
        if (!holds) Violations.Add($"{e.At} {e.Action} of {e.Entity} {otherwise}");
    }

    const string WhenSlotsAre = "select id, doctor_id, starts_at, ends_at from scheduling.slots";

    const string InOrder = """
        select at, actor_id, action, entity, entity_id, details::text from audit.events
         where action ~ '^(bookings|slots|time_off|waitlist)\.' and entity_id is not null order by position
        """;
}
