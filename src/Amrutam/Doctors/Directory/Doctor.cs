using System.Text.Json.Serialization;
using Amrutam.Platform.Data;
using NodaTime;
using Npgsql;

namespace Amrutam.Doctors.Directory;

/// <summary>A doctor as everybody may see them.</summary>
/// <param name="Id">The doctor's account; <paramref name="UserId"/> is the same.</param>
/// <param name="Experience">In years.</param>
/// <param name="Languages">BCP 47 language codes.</param>
/// <param name="FeeMinor">The fee in the currency's smallest unit; null when the doctor names none.</param>
/// <param name="NextOpenSlotAt">When the first slot begins that can be booked; null when there is none.</param>
/// <param name="VerificationNote">What the administrator gave as the reason; only in the doctor's own and the
/// administrator's view.</param>
sealed record Doctor(
    Guid Id, Guid UserId, string FullName, string Specialization, int Experience, string Bio,
    IReadOnlyList<string> Languages, int? FeeMinor, string Currency, string? RegistrationNumber, string TimeZone,
        bool Verified, Instant? NextOpenSlotAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? VerificationNote = null)
{
    /// <summary>What <see cref="Read"/> reads, of a profile <c>d</c> joined to <see cref="NextOpenSlot"/>.</summary>
    public const string Columns = """
        d.id, d.full_name, d.specialization, d.experience, d.bio, d.languages, d.fee_minor, d.currency,
        d.registration_number, d.time_zone, d.verified_at is not null as verified, next.starts_at as next_open_slot_at
        """;

    /// <summary>One look into the index of a doctor's slots by time.</summary>
    public const string NextOpenSlot = """
        left join lateral (
            select s.starts_at from scheduling.open_slots s
             where s.doctor_id = d.id and s.starts_at > now()
             order by s.starts_at limit 1) next on true
        """;

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
            row.GetString(9), row.GetBoolean(10),
        row.GetInstantOrNull(11));

    /// <summary>Reads <see cref="Columns"/> followed by the verification's note.</summary>
    public static Doctor ReadWithNote(NpgsqlDataReader row) =>
        Read(row) with { VerificationNote = row.GetStringOrNull(12) };
}
