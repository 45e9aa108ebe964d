using Amrutam.Scheduling.Generation;
using NodaTime;

namespace Amrutam.Scheduling.TimeOff;

/// <summary>Finds open slots that can replace a booking's own. Pure.</summary>
static class NearestSlots
{
    /// <summary>Open slots of the booking's length, the nearest first.</summary>
    public static IEnumerable<MadeSlot> To(Interval booked, IEnumerable<MadeSlot> open) =>
        open.Where(slot => slot.Time.Duration == booked.Duration)
            .OrderBy(slot => Distance(slot, booked)).ThenBy(slot => slot.Time.Start);

    /// <summary>Later open slots of the booking's length, the earliest first: the same day comes before the
    /// next.</summary>
    static IEnumerable<MadeSlot> After(Interval booked, IEnumerable<MadeSlot> open) =>
        open.Where(slot => slot.Time.Start > booked.Start && slot.Time.Duration == booked.Duration)
            .OrderBy(slot => slot.Time.Start);

    /// <summary>Assigns to each booking, in the given order, the first remaining slot after it that has its length and
    /// at which its patient is free.</summary>
    /// <remarks>Never an earlier slot: the patient agreed to a time and may not be there before it.</remarks>
    /// <param name="busy">The other bookings of the patients.</param>
    /// <returns>One slot for each booking; null where there is none.</returns>
    public static List<MadeSlot?> Assign(
        IEnumerable<(Guid Patient, Interval Time)> bookings, IEnumerable<MadeSlot> open, ILookup<Guid, Interval> busy)
    {
        var left = open.ToList();
        var assigned = new List<MadeSlot?>();
        foreach (var (patient, time) in bookings)
        {
            var slot = After(time, left).Cast<MadeSlot?>()
                .FirstOrDefault(s => !busy[patient].Any(b => Overlap(b, s!.Value.Time)));
            if (slot is { } taken) left.Remove(taken);
            assigned.Add(slot);
        }
        return assigned;
    }

    public static bool Overlap(Interval one, Interval other) => one.Start < other.End && other.Start < one.End;

    static Duration Distance(MadeSlot slot, Interval booked)
    {
        var apart = slot.Time.Start - booked.Start;
        return apart < Duration.Zero ? -apart : apart;
    }
}
