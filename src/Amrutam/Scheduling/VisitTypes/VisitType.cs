using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Scheduling.VisitTypes;

/// <summary>A kind of visit in the clinic's catalogue.</summary>
/// <param name="Mode">video, phone or in_person.</param>
/// <param name="Address">Where a visit in person takes place; null for another mode, or if it is not stated.</param>
/// <param name="First">False for a follow-up, which needs a completed visit with the same doctor.</param>
/// <param name="FollowUpWithinDays">The age of that visit in days, at most; null for a first visit.</param>
/// <param name="BookableBy">patients, or staff for staff alone.</param>
/// <param name="FeeMinor">The price in the currency's smallest unit; null if none is stated.</param>
/// <param name="MinimumNoticeMinutes">The kind's own notice, beside the doctor's; null for none.</param>
/// <param name="CancellationWindowMinutes">Replaces the doctor's; null for the doctor's.</param>
/// <param name="RequiresConfirmation">Replaces the doctor's rule; null for the doctor's.</param>
/// <param name="Active">False once it was withdrawn: nobody can book it any more.</param>
/// <param name="Revision">The number of the version; the ETag.</param>
sealed record VisitType(Guid Id, string Name, string? Description, int Minutes, string Mode, string? Address,
    bool First, int? FollowUpWithinDays, string BookableBy, int? FeeMinor, string Currency, int BufferBeforeMinutes,
    int BufferAfterMinutes, int? MinimumNoticeMinutes, int? CancellationWindowMinutes, bool? RequiresConfirmation,
    bool Active, int Revision)
{
    public const string Video = "video", Phone = "phone", InPerson = "in_person";

    public const string Patients = "patients", Staff = "staff";

    public static readonly string[] Modes = [Video, Phone, InPerson], Bookers = [Patients, Staff];

    /// <summary>The columns that <see cref="Read"/> reads, in its order, of a kind <c>v</c>.</summary>
    public const string Columns = """
        v.id, v.name, v.description, v.minutes, v.mode, v.address, v.first, v.follow_up_within_days, v.bookable_by,
        v.fee_minor, v.currency, v.buffer_before_minutes, v.buffer_after_minutes, v.minimum_notice_minutes,
        v.cancellation_window_minutes, v.requires_confirmation, v.active, v.revision
        """;

    /// <summary>The number of columns that <see cref="Read"/> reads; a statement's own follow them.</summary>
    public const int Width = 18;

    public static VisitType Read(NpgsqlDataReader row) => new(row.GetGuid(0), row.GetString(1), row.GetStringOrNull(2),
        row.GetInt32(3), row.GetString(4), row.GetStringOrNull(5), row.GetBoolean(6), row.GetInt32OrNull(7),
        row.GetString(8), row.GetInt32OrNull(9), row.GetString(10), row.GetInt32(11), row.GetInt32(12),
        row.GetInt32OrNull(13), row.GetInt32OrNull(14), row.IsDBNull(15) ? null : row.GetBoolean(15),
        row.GetBoolean(16), row.GetInt32(17));
}
