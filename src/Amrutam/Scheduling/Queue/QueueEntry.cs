using Amrutam.Platform.Data;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Queue;

/// <summary>A patient's place in the queue of a doctor's day.</summary>
/// <param name="Token">The number that the patient is called by.</param>
/// <param name="BookingId">The visit; null for a walk-in without a slot.</param>
/// <param name="StartsAt">The start of the visit; null without a slot.</param>
/// <param name="WaitedSeconds">From the arrival until the call; null before the call.</param>
sealed record QueueEntry(Guid Id, Guid DoctorId, Guid PatientId, int Token, Guid? BookingId, Instant? StartsAt,
    Instant ArrivedAt, Instant? CalledAt, int? WaitedSeconds)
{
    /// <summary>The columns that <see cref="Read"/> reads, in its order, of entries <c>e</c> and bookings
    /// <c>b</c>.</summary>
    public const string Columns = """
        e.id, e.doctor_id, e.patient_id, e.token, e.booking_id, b.starts_at, e.arrived_at, e.called_at,
        extract(epoch from e.called_at - e.arrived_at)::int
        """;

    public static QueueEntry Read(NpgsqlDataReader row) => new(row.GetGuid(0), row.GetGuid(1), row.GetGuid(2),
        row.GetInt32(3), row.GetGuidOrNull(4), row.GetInstantOrNull(5), row.GetInstant(6), row.GetInstantOrNull(7),
        row.GetInt32OrNull(8));
}
