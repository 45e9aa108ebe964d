using Amrutam.Platform.Data;
using NodaTime;
using Npgsql;

namespace Amrutam.Notifications.Calendars;

/// <summary>A visit for a calendar.</summary>
/// <param name="Active">False for a visit that does not take place: cancelled, declined, expired, or moved to another
/// doctor.</param>
/// <param name="Revision">Increases with each change of the visit.</param>
/// <param name="Doctor">The doctor's name where the reader may see it, or null.</param>
/// <param name="Specialization">The doctor's specialization, given together with the name.</param>
sealed record CalendarVisit(Guid Id, Instant StartsAt, Instant EndsAt, string Status, bool Active, int Revision,
    Instant BookedAt, Instant ChangedAt, string? Doctor, string? Specialization)
{
    /// <summary>The columns that <see cref="Read(NpgsqlDataReader)"/> reads first, of <c>scheduling.visits v</c>. The
    /// statement adds the doctor's name and specialization.</summary>
    public const string Columns =
        "v.id, v.starts_at, v.ends_at, v.status, v.active, v.revision, v.booked_at, v.changed_at";

    public static CalendarVisit Read(NpgsqlDataReader row) => Read(row, 0);

    /// <param name="at">The first of its columns.</param>
    public static CalendarVisit Read(NpgsqlDataReader row, int at) =>
        new(row.GetGuid(at), row.GetInstant(at + 1), row.GetInstant(at + 2), row.GetString(at + 3),
            row.GetBoolean(at + 4), row.GetInt32(at + 5), row.GetInstant(at + 6), row.GetInstant(at + 7),
            row.GetStringOrNull(at + 8), row.GetStringOrNull(at + 9));
}
