using Amrutam.Patients.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Scheduling.Bookings;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Desk;

/// <summary>A booking as the front desk sees it.</summary>
/// <remarks>It has no reason and no reason of a cancellation: both are the patient's own words to the doctor, and may
/// speak of health.</remarks>
sealed record DeskBooking(Guid Id, Guid SlotId, Guid DoctorId, string DoctorName, Guid PatientId,
    PatientSummary Patient, Guid? SeriesId, string Status, Instant StartsAt, Instant EndsAt, string? CancelledBy,
    int? CancelledMinutesAhead, string? NoShowParty, int Revision, Instant CreatedAt)
{
    /// <summary>The columns that <see cref="Read"/> reads, in its order, of bookings <c>b</c> and
    /// <see cref="People"/>.</summary>
    public const string Columns = $"""
        b.id, b.slot_id, b.doctor_id, d.full_name, b.patient_id, b.series_id, {Booking.StatusNow}, b.starts_at,
        b.ends_at, b.cancelled_by, b.cancelled_minutes_ahead, b.no_show_party,
        b.revision + scheduling.has_expired(b.status, b.expires_at)::int, b.created_at, {PatientSummary.Columns}
        """;

    /// <summary>The number of columns that <see cref="Read"/> reads; a statement's own follow them.</summary>
    public const int Width = 14 + PatientSummary.Width;

    /// <summary>The doctors and the patients of bookings <c>b</c>.</summary>
    public const string People = $"join doctors.practitioners d on d.id = b.doctor_id {Booking.People}";

    public static DeskBooking Read(NpgsqlDataReader row) => new(row.GetGuid(0), row.GetGuid(1), row.GetGuid(2),
        row.GetString(3), row.GetGuid(4), PatientSummary.Read(row.GetGuid(4), row, 14), row.GetGuidOrNull(5),
        row.GetString(6), row.GetInstant(7), row.GetInstant(8), row.GetStringOrNull(9), row.GetInt32OrNull(10),
        row.GetStringOrNull(11), row.GetInt32(12), row.GetInstant(13));
}
