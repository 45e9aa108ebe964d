using Amrutam.Platform.Data;
using Amrutam.Scheduling.Generation;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Bookings;

/// <summary>A booking that prevents a change, as its doctor or its patient sees it.</summary>
sealed record ConflictingBooking(Guid Id, Guid SlotId, Instant StartsAt, Instant EndsAt)
{
    public static ConflictingBooking Of(MadeSlot booked) =>
        new(booked.Booking!.Value, booked.Id, booked.Time.Start, booked.Time.End);

    public static ConflictingBooking Read(NpgsqlDataReader row) =>
        new(row.GetGuid(0), row.GetGuid(1), row.GetInstant(2), row.GetInstant(3));
}
