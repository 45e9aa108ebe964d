using Amrutam.Platform;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Bookings;

/// <summary>A booking as its patient and its doctor see it.</summary>
/// <param name="Status">confirmed, cancelled, completed or no_show.</param>
/// <param name="Revision">Grows with every change; calendars and caches go by it.</param>
sealed record Booking(Guid Id, Guid SlotId, Guid DoctorId, Guid PatientId, string Status, Instant StartsAt,
    Instant EndsAt, string? Reason,
    string? CancelledBy, string? CancellationReason, string? NoShowParty, int Revision, Instant CreatedAt)
{
    /// <summary>What <see cref="Read"/> expects, in its order, from <c>scheduling.bookings b</c>.</summary>
    public const string Columns = """
        b.id, b.slot_id, b.doctor_id, b.patient_id, b.status, b.starts_at, b.ends_at, b.reason,
        b.cancelled_by, b.cancellation_reason, b.no_show_party, b.revision, b.created_at
        """;

    public static Booking Read(NpgsqlDataReader row) =>
        new(row.GetGuid(0), row.GetGuid(1), row.GetGuid(2), row.GetGuid(3), row.GetString(4),
        row.GetInstant(5), row.GetInstant(6), row.GetStringOrNull(7), row.GetStringOrNull(8), row.GetStringOrNull(9),
            row.GetStringOrNull(10),
        row.GetInt32(11), row.GetInstant(12));

    public static string Location(Guid id) => "/api/bookings/" + id;
}
