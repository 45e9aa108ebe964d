using NodaTime;

namespace Amrutam.Scheduling.Generation;

/// <summary>Why a slot cannot be booked, as far as rules and time off care.</summary>
enum SlotState
{
    Open,
    Booked,

    /// <summary>Closed by hand: no rule opens that time again.</summary>
    Closed,

    /// <summary>Closed because rules or time off had no place for it; it may come back.</summary>
    SetAside,
}

/// <summary>A slot that is there.</summary>
/// <param name="Withdrawn">Booked when the rules gave it up: nobody can book it when it is free again.</param>
readonly record struct MadeSlot(
    Guid Id, Interval Time, bool FromRules, SlotState State, Guid? Booking = null, bool Withdrawn = false);

/// <summary>What has to happen so that a doctor's slots are those that the rules and the time off ask for.</summary>
/// <param name="Withdraw">Booked slots that the rules no longer ask for: they stay, and end with their booking.</param>
/// <param name="Restore">Slots that were withdrawn and that the rules ask for again.</param>
/// <param name="Kept">Slots made from rules that stay, booked ones among them.</param>
sealed record SlotPlan(List<Interval> Publish, List<MadeSlot> Reopen, List<(MadeSlot Slot, string Because)> Close,
    List<MadeSlot> Withdraw, List<MadeSlot> Restore, int Kept)
{
    public const string Rules = "rules", TimeOff = "time_off";

    public int Added => Publish.Count + Reopen.Count;

    /// <summary>Of those to close, the ones that nobody could book any more: withdrawn while booked.</summary>
    public int AlreadyHidden => Close.Count(c => c.Slot.Withdrawn);

    /// <summary>How many slots fewer there are to be booked.</summary>
    public int Removed => Close.Count - AlreadyHidden;

    /// <param name="wanted">The slots of the rules, by time, not overlapping.</param>
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
                if (!slot.FromRules || slot.State == SlotState.Closed || slot.Time.Start <= now) continue;
                kept++;
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

    /// <summary>Bookings of slots made from rules that lie outside these windows, even partly.</summary>
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

/// <summary>Tells of times, asked in the order of their ends, whether they meet one of a set.</summary>
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
