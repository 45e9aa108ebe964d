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
    /// <summary>The columns that <see cref="Read"/> reads first, of <c>scheduling.visits v</c>. The statement adds the
    /// doctor's name and specialization.</summary>
    public const string Columns =
        "v.id, v.starts_at, v.ends_at, v.status, v.active, v.revision, v.booked_at, v.changed_at";

    public static CalendarVisit Read(NpgsqlDataReader row) =>
        new(row.GetGuid(0), row.GetInstant(1), row.GetInstant(2), row.GetString(3), row.GetBoolean(4),
            row.GetInt32(5), row.GetInstant(6), row.GetInstant(7), row.GetStringOrNull(8), row.GetStringOrNull(9));
}
