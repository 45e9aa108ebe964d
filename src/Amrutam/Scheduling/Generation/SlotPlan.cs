using NodaTime;

namespace Amrutam.Scheduling.Generation;

/// <summary>The state of a slot as far as rules and time off depend on it.</summary>
enum SlotState
{
    Open,
    Booked,

    /// <summary>Held by a patient or an offer now. It stays like a booked one until the hold ends.</summary>
    Held,

    /// <summary>Closed by hand: no rule opens that time again.</summary>
    Closed,

    /// <summary>Closed by rules or time off; it may be opened again.</summary>
    SetAside,
}

/// <summary>An existing slot.</summary>
/// <param name="Withdrawn">Booked or held when the rules no longer wanted it: it is not bookable after that.</param>
readonly record struct MadeSlot(
    Guid Id, Interval Time, bool FromRules, SlotState State, Guid? Booking = null, bool Withdrawn = false);

/// <summary>The changes that give a doctor the slots of the rules and the time off.</summary>
/// <param name="Withdraw">Booked and held slots that are not wanted: they stay until their booking or hold
/// ends.</param>
/// <param name="Restore">Withdrawn slots that the rules want again.</param>
/// <param name="Kept">The number of slots of the rules that stay, including booked ones.</param>
sealed record SlotPlan(List<Interval> Publish, List<MadeSlot> Reopen, List<(MadeSlot Slot, string Because)> Close,
    List<MadeSlot> Withdraw, List<MadeSlot> Restore, int Kept)
{
    public const string Rules = "rules", TimeOff = "time_off";

    public int Added => Publish.Count + Reopen.Count;

    /// <summary>The number of slots to close that were not bookable any more: withdrawn while booked or held.</summary>
    public int AlreadyHidden => Close.Count(c => c.Slot.Withdrawn);

    /// <summary>The number of slots that stop being bookable.</summary>
    public int Removed => Close.Count - AlreadyHidden;

    /// <param name="wanted">The slots of the rules, by time, without overlaps.</param>
    /// <param name="made">The doctor's slots that have not ended, in any order.</param>
    /// <param name="away">The doctor's time off, in any order.</param>
    public static SlotPlan Of(
        IEnumerable<Interval> wanted, IReadOnlyCollection<MadeSlot> made, IEnumerable<Interval> away, Instant now)
    {
        var (off, offHand) = (new Sweep(away), new Sweep(away));
        var rest = wanted.Where(time => !off.Meets(time)).ToList();
        var asked = rest.ToHashSet();
        List<Interval> taken = [];
        List<(MadeSlot, string)> close = [];
        Dictionary<Interval, MadeSlot> aside = [];
        List<MadeSlot> byHand = [], withdraw = [], restore = [];
        var kept = 0;
        foreach (var slot in made.OrderBy(s => s.Time.End))
        {
            var isOff = offHand.Meets(slot.Time);
            var isAsked = slot.FromRules ? asked.Contains(slot.Time) : !isOff;
            if (slot.State == SlotState.SetAside)
            {
                if (!slot.FromRules && isAsked) byHand.Add(slot);
                if (slot.FromRules) aside[slot.Time] = slot;
            }
            else if (slot.State != SlotState.Open || isAsked || slot.Time.Start <= now)
            {
                taken.Add(slot.Time);
                if (slot.State == SlotState.Closed || slot.Time.Start <= now) continue;
                if (slot.FromRules) kept++;
                if (isAsked == slot.Withdrawn) (isAsked ? restore : withdraw).Add(slot);
            }
            else close.Add((slot, isOff ? TimeOff : Rules));
        }
        var reopen = Fitting(byHand, slot => slot.Time, taken, now);
        taken.AddRange(reopen.Select(slot => slot.Time));
        var add = Fitting(rest, time => time, taken, now);
        reopen.AddRange(add.Where(aside.ContainsKey).Select(time => aside[time]));
        return new([.. add.Where(time => !aside.ContainsKey(time))], reopen, close, withdraw, restore, kept);
    }

    /// <summary>Bookings of slots of rules that lie outside these windows, even partly.</summary>
    public static IEnumerable<MadeSlot> Outside(
        IEnumerable<MadeSlot> made, IEnumerable<Interval> windows, Instant now)
    {
        var between = new Sweep(Gaps(windows));
        return made.Where(s => s is { FromRules: true, Booking: not null } && s.Time.Start > now)
            .OrderBy(s => s.Time.End).Where(s => between.Meets(s.Time));
    }

    static List<T> Fitting<T>(IEnumerable<T> items, Func<T, Interval> time, IEnumerable<Interval> taken, Instant now)
    {
        var sweep = new Sweep(taken);
        return [.. items.Where(item => time(item).Start > now && !sweep.Meets(time(item)))];
    }

    static IEnumerable<Interval> Gaps(IEnumerable<Interval> windows)
    {
        var reached = Instant.MinValue;
        foreach (var window in windows)
        {
            if (window.Start > reached) yield return new(reached, window.Start);
            reached = window.End;
        }
        yield return new(reached, Instant.MaxValue);
    }
}

/// <summary>Answers whether times, in the order of their ends, overlap one of a set.</summary>
sealed class Sweep(IEnumerable<Interval> set)
{
    readonly Interval[] _set = [.. set.OrderBy(time => time.Start)];
    int _next;
    Instant _reached = Instant.MinValue;

    public bool Meets(Interval time)
    {
        for (; _next < _set.Length && _set[_next].Start < time.End; _next++)
            _reached = Instant.Max(_reached, _set[_next].End);
        return _reached > time.Start;
    }
}
