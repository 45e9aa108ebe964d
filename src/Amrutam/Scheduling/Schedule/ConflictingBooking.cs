using Amrutam.Scheduling.Generation;
using NodaTime;

namespace Amrutam.Scheduling.Schedule;

/// <summary>A booking that rules or time off leave no place for, as its doctor is told of it.</summary>
sealed record ConflictingBooking(Guid Id, Guid SlotId, Instant StartsAt, Instant EndsAt)
{
    public static ConflictingBooking Of(MadeSlot booked) =>
        new(booked.Booking!.Value, booked.Id, booked.Time.Start, booked.Time.End);
}
