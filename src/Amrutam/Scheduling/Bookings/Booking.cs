using System.Text.Json.Serialization;
using Amrutam.Patients.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Idempotency;
using Amrutam.Scheduling.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Bookings;

/// <summary>A booking as its patient and its doctor see it.</summary>
/// <param name="BookedBy">The account that booked: the patient's own, a guardian's or one at the desk.</param>
/// <param name="SeriesId">The series that it was booked with, or null.</param>
/// <param name="Status">requested, confirmed, checked_in, in_progress, completed, no_show, cancelled, declined or
/// expired; moved in the record of a doctor who had the booking before.</param>
/// <param name="VisitType">The kind of visit with its values at the time of booking; null if the doctor offered
/// none.</param>
/// <param name="ExpiresAt">When an unanswered request expires; null in every other status.</param>
/// <param name="CancelledBy">patient, doctor, staff, admin or system; null unless cancelled.</param>
/// <param name="CancellationReason">The reason of the cancellation or the refusal.</param>
/// <param name="CancelledMinutesAhead">The time from the cancellation to the start.</param>
/// <param name="Revision">Increases with each change; calendars and caches compare it.</param>
/// <param name="Patient">The patient, where the doctor reads the booking; null, and not written, elsewhere. The
/// response of a change is stored under its key, so it has the id alone.</param>
sealed record Booking(Guid Id, Guid SlotId, Guid DoctorId, Guid PatientId, Guid BookedBy,
    Guid? SeriesId, string Status, Instant StartsAt, Instant EndsAt, VisitTypeCopy? VisitType,
    Instant? ExpiresAt, string? Reason,
    string? CancelledBy, string? CancellationReason, int? CancelledMinutesAhead, string? NoShowParty,
    int Revision, Instant CreatedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] PatientSummary? Patient = null)
{
    /// <summary>The columns that <see cref="Read"/> reads, in its order, of <c>scheduling.bookings b</c>.</summary>
    /// <remarks>A request that has expired reads as expired, with the revision of that step, before a job records
    /// it.</remarks>
    public const string Columns = $"""
        b.id, b.slot_id, b.doctor_id, b.patient_id, coalesce(b.booked_by, b.patient_id), b.series_id, {StatusNow},
        b.starts_at, b.ends_at,
        case when b.status = 'requested' and not scheduling.has_expired(b.status, b.expires_at) then b.expires_at end,
        b.reason, b.cancelled_by, b.cancellation_reason, b.cancelled_minutes_ahead, b.no_show_party,
        b.revision + scheduling.has_expired(b.status, b.expires_at)::int, b.created_at, b.visit::text
        """;

    /// <summary>The present status of <c>scheduling.bookings b</c>.</summary>
    public const string StatusNow = "scheduling.status_now(b.status, b.expires_at)";

    /// <summary>The number of columns that <see cref="Read"/> reads; a statement's own follow them.</summary>
    public const int Width = 18;

    public static Booking Read(NpgsqlDataReader row) =>
        new(row.GetGuid(0), row.GetGuid(1), row.GetGuid(2), row.GetGuid(3), row.GetGuid(4), row.GetGuidOrNull(5),
            row.GetString(6), row.GetInstant(7), row.GetInstant(8), VisitTypeCopy.Read(row.GetStringOrNull(17)),
            row.GetInstantOrNull(9), row.GetStringOrNull(10), row.GetStringOrNull(11), row.GetStringOrNull(12),
            row.GetInt32OrNull(13), row.GetStringOrNull(14), row.GetInt32(15), row.GetInstant(16));

    /// <summary>The columns that <see cref="ReadWithPatient"/> reads, in its order, of bookings <c>b</c> and
    /// <see cref="People"/>.</summary>
    public const string ColumnsWithPatient = $"{Columns}, {PatientSummary.Columns}";

    /// <summary>The patients of bookings <c>b</c>.</summary>
    public const string People = "left join patients.people p on p.id = b.patient_id";

    /// <summary>A booking as its doctor reads it. The record of a visit that moved to another doctor has the id alone:
    /// that doctor no longer treats the patient.</summary>
    public static Booking ReadWithPatient(NpgsqlDataReader row)
    {
        var booking = Read(row);
        return booking.Status == Moved ? booking
            : booking with { Patient = PatientSummary.Read(booking.PatientId, row, Width) };
    }

    /// <summary>The booking without the patient's own words, for staff: they may speak of health.</summary>
    /// <param name="reader">Null for the system.</param>
    public Booking ShownTo(CurrentUser? reader) =>
        reader is { Role: Allow.Staff } ? this with { Reason = null } : this;

    /// <summary>The status that a doctor reads of a booking that was moved to another doctor.</summary>
    public const string Moved = "moved";

    /// <summary>The booking as the response of a change, with its revision as the ETag.</summary>
    public StoredResponse<Ok<Booking>> Response(string? location = null) =>
        StoredResponse.Ok(this, IfMatch.Tag(Revision), location);

    public static string Location(Guid id) => "/api/bookings/" + id;
}
