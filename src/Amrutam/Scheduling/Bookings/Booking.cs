using Amrutam.Platform.Data;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Bookings;

/// <summary>A booking as its patient and its doctor see it.</summary>
/// <param name="SeriesId">The series that it was booked with, or null.</param>
/// <param name="Status">requested, confirmed, checked_in, in_progress, completed, no_show, cancelled, declined or
/// expired.</param>
/// <param name="ExpiresAt">When a request that nobody answers is over; null for all else.</param>
/// <param name="CancellationReason">Why it was cancelled or declined.</param>
/// <param name="CancelledMinutesAhead">How long before its start it was cancelled.</param>
/// <param name="Revision">Grows with every change; calendars and caches go by it.</param>
sealed record Booking(Guid Id, Guid SlotId, Guid DoctorId, Guid PatientId, Guid? SeriesId, string Status,
    Instant StartsAt, Instant EndsAt, Instant? ExpiresAt, string? Reason, string? CancelledBy,
    string? CancellationReason, int? CancelledMinutesAhead, string? NoShowParty, int Revision, Instant CreatedAt)
{
    /// <summary>What <see cref="Read"/> expects, in its order, from <c>scheduling.bookings b</c>.</summary>
    /// <remarks>A request whose time is over reads as expired, with the revision that this makes, before any job has
    /// written it down.</remarks>
    public const string Columns = """
        b.id, b.slot_id, b.doctor_id, b.patient_id, b.series_id,
        case when b.status = 'requested' and b.expires_at <= statement_timestamp() then 'expired' else b.status end,
        b.starts_at, b.ends_at,
        case when b.status = 'requested' and b.expires_at > statement_timestamp() then b.expires_at end, b.reason,
        b.cancelled_by, b.cancellation_reason, b.cancelled_minutes_ahead, b.no_show_party,
        b.revision + (b.status = 'requested' and b.expires_at <= statement_timestamp())::int, b.created_at
        """;

    /// <summary>How many columns <see cref="Read"/> reads; a statement's own follow them.</summary>
    public const int Width = 16;

    public static Booking Read(NpgsqlDataReader row) =>
        new(row.GetGuid(0), row.GetGuid(1), row.GetGuid(2), row.GetGuid(3), row.GetGuidOrNull(4), row.GetString(5),
            row.GetInstant(6), row.GetInstant(7), row.GetInstantOrNull(8), row.GetStringOrNull(9),
            row.GetStringOrNull(10), row.GetStringOrNull(11), row.GetInt32OrNull(12), row.GetStringOrNull(13),
            row.GetInt32(14), row.GetInstant(15));

    public static string Location(Guid id) => "/api/bookings/" + id;
}
