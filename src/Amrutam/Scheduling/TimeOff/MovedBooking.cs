using Amrutam.Scheduling.Bookings;
using Amrutam.Scheduling.Generation;
using NodaTime;

namespace Amrutam.Scheduling.TimeOff;

/// <summary>A booking that time off moved: its slot and times before and after.</summary>
sealed record MovedBooking(Guid Id, Guid SlotId, Instant StartsAt, Instant EndsAt, Guid ToSlotId, Instant ToStartsAt,
    Instant ToEndsAt)
{
    public static MovedBooking Of(ConflictingBooking before, MadeSlot after) => new(before.Id, before.SlotId,
        before.StartsAt, before.EndsAt, after.Id, after.Time.Start, after.Time.End);
}
