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

    /// <summary>Assigns to each booking, in the given order, the nearest remaining slot of its length at which its
    /// patient is free.</summary>
    /// <param name="busy">The other bookings of the patients.</param>
    /// <returns>One slot for each booking; null where there is none.</returns>
    public static List<MadeSlot?> Assign(
        IEnumerable<(Guid Patient, Interval Time)> bookings, IEnumerable<MadeSlot> open, ILookup<Guid, Interval> busy)
    {
        var left = open.ToList();
        var assigned = new List<MadeSlot?>();
        foreach (var (patient, time) in bookings)
        {
            var slot = To(time, left).Cast<MadeSlot?>()
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
