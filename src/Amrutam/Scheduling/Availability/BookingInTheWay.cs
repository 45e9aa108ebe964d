using NodaTime;

namespace Amrutam.Scheduling.Availability;

/// <summary>A booking that rules or time off leave no place for, as its doctor is told of it.</summary>
sealed record BookingInTheWay(Guid Id, Guid SlotId, Instant StartsAt, Instant EndsAt)
{
    public static BookingInTheWay Of(MadeSlot booked) =>
        new(booked.Booking!.Value, booked.Id, booked.Time.Start, booked.Time.End);
}
