using System.Text.Json.Serialization;
using Amrutam.Platform.Data;
using Amrutam.Scheduling.Contracts;
using NodaTime;
using Npgsql;

namespace Amrutam.Doctors.Profiles;

/// <summary>A doctor as the directory shows them to everybody.</summary>
/// <param name="Id">The doctor's account; <paramref name="UserId"/> is the same.</param>
/// <param name="Experience">In years.</param>
/// <param name="Languages">BCP 47 language codes.</param>
/// <param name="FeeMinor">The fee in the currency's smallest unit; null when the doctor names none.</param>
/// <param name="RegistrationCouncil">The council that gave the registration number.</param>
/// <param name="Verified">Whether an administrator has checked the name, specialization, experience and registration
/// that are shown.</param>
/// <param name="NextOpenSlotAt">The start of the first slot that can be booked; null when there is none.</param>
/// <param name="VerificationNote">The administrator's reason for the last decision; only in the doctor's own and the
/// administrator's view.</param>
/// <param name="PendingChanges">New values of verified fields that wait for an administrator; only in the same
/// views.</param>
/// <param name="VisitType">The kind of visit that was asked for, with the price that counts; only in a list for a
/// kind.</param>
sealed record Doctor(
    Guid Id, Guid UserId, string FullName, string Specialization, int Experience, string Bio,
    IReadOnlyList<string> Languages, int? FeeMinor, string Currency, string? RegistrationNumber,
    string? RegistrationCouncil, string TimeZone, bool Verified, Instant? NextOpenSlotAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? VerificationNote = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] PendingChanges? PendingChanges = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] VisitTypeCopy? VisitType = null)
{
    /// <summary>The columns of <see cref="Read"/>, of a profile <c>d</c> joined to
    /// <see cref="NextOpenSlot"/>.</summary>
    public const string Columns = """
        d.id, d.full_name, d.specialization, d.experience, d.bio, d.languages, d.fee_minor, d.currency,
        d.registration_number, d.registration_council, d.time_zone, d.verified_at is not null as verified,
        next.starts_at as next_open_slot_at
        """;

    /// <summary>The number of <see cref="Columns"/>: the index of the first column after them.</summary>
    public const int ColumnCount = 13;

    /// <summary>The columns of <see cref="ReadOwn"/>, of a profile <c>d</c> joined to <see cref="NextOpenSlot"/> and
    /// <see cref="Pending"/>.</summary>
    public const string OwnColumns = $"""
        {Columns}, d.verification_note, d.pending_since, pending.full_name, pending.specialization,
        pending.experience, pending.registration_number, pending.registration_council
        """;

    /// <summary>The number of <see cref="OwnColumns"/>.</summary>
    public const int OwnColumnCount = ColumnCount + 7;

    /// <summary>One look into the index of a doctor's slots by time.</summary>
    public const string NextOpenSlot = """
        left join lateral (
            select s.starts_at from scheduling.open_slots s
             where s.doctor_id = d.id and s.starts_at > now()
             order by s.starts_at limit 1) next on true
        """;

    /// <summary>The verified fields as they will be when the pending changes are accepted.</summary>
    public const string Pending = """
        left join lateral jsonb_to_record(jsonb_build_object(
                'full_name', d.full_name, 'specialization', d.specialization, 'experience', d.experience,
                'registration_number', d.registration_number, 'registration_council', d.registration_council)
            || d.pending) as pending (
                full_name text, specialization text, experience int, registration_number text,
                registration_council text) on true
        """;

    /// <summary>Whether <c>d</c> is shown; $1 is true when only verified doctors are.</summary>
    public const string IsVerified = "(not $1::boolean or d.verified_at is not null)";

    /// <summary>Whether <c>d</c> is listed and may be booked; $1 is whether only verified doctors are.</summary>
    /// <remarks>
    /// A scalar subquery, so that one lookup by key runs for each row that gets so far. A join would let the planner
    /// read all accounts. The condition stays above a sort, so only the rows of a page pay for it.
    /// </remarks>
    public const string IsBookable =
        "(select true from doctors.bookable_doctors($1::boolean) p where p.id = d.id)";

    public static Doctor Read(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetGuid(0), row.GetString(1), row.GetString(2), row.GetInt32(3), row.GetString(4),
        row.GetFieldValue<string[]>(5), row.GetInt32OrNull(6), row.GetString(7), row.GetStringOrNull(8),
        row.GetStringOrNull(9), row.GetString(10), row.GetBoolean(11), row.GetInstantOrNull(12));

    /// <summary>Reads <see cref="OwnColumns"/>.</summary>
    public static Doctor ReadOwn(NpgsqlDataReader row) => Read(row) with
    {
        VerificationNote = row.GetStringOrNull(ColumnCount),
        PendingChanges = row.GetInstantOrNull(ColumnCount + 1) is not { } since ? null
            : new(since, row.GetString(ColumnCount + 2), row.GetString(ColumnCount + 3),
                row.GetInt32(ColumnCount + 4), row.GetStringOrNull(ColumnCount + 5),
                row.GetStringOrNull(ColumnCount + 6)),
    };
}

/// <summary>The fields that a verification vouches for, as they will be when the doctor's changes are
/// accepted.</summary>
/// <param name="RequestedAt">The time of the newest of these changes.</param>
/// <param name="Experience">In years.</param>
sealed record PendingChanges(Instant RequestedAt, string FullName, string Specialization, int Experience,
    string? RegistrationNumber, string? RegistrationCouncil);
