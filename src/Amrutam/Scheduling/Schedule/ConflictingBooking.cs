using Amrutam.Scheduling.Generation;
using NodaTime;

namespace Amrutam.Scheduling.Schedule;

/// <summary>A booking outside the rules or within time off, as its doctor sees it.</summary>
sealed record ConflictingBooking(Guid Id, Guid SlotId, Instant StartsAt, Instant EndsAt)
{
    public static ConflictingBooking Of(MadeSlot booked) =>
        new(booked.Booking!.Value, booked.Id, booked.Time.Start, booked.Time.End);
}
