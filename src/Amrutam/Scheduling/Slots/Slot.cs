using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Scheduling.Generation;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Slots;

/// <summary>A slot as it is shown: instants in UTC and the wall clock of the doctor's zone.</summary>
/// <param name="Status">open, held, booked or closed.</param>
sealed record Slot(Guid Id, Guid DoctorId, Instant StartsAt, Instant EndsAt, LocalDate Date, LocalTime StartTime,
    LocalTime EndTime, string TimeZone, string Status)
{
    /// <summary>What <see cref="Read"/> expects, in its order, from <c>scheduling.slots s</c> and the zone
    /// <c>p.time_zone</c>.</summary>
    public const string Columns = """
        s.id, s.doctor_id, s.starts_at, s.ends_at, p.time_zone,
        case when s.closed_at is not null then 'closed' when s.booking_id is not null then 'booked'
             when s.bookable_until = '-infinity' then 'closed'
             when s.held_until > statement_timestamp() then 'held' else 'open' end
        """;

    public static Slot Read(NpgsqlDataReader row) =>
        Of(row.GetGuid(0), row.GetGuid(1), row.GetInstant(2), row.GetInstant(3), row.GetString(4), row.GetString(5));

    public static Slot Of(Guid id, Guid doctor, Instant starts, Instant ends, string zoneId, string status)
    {
        var zone = TimeZones.Zone(zoneId) ?? DateTimeZone.Utc;
        var (from, to) = (starts.InZone(zone), ends.InZone(zone));
        return new(id, doctor, starts, ends, from.Date, from.TimeOfDay, to.TimeOfDay, zoneId, status);
    }

    /// <summary>The instants between which the dates lie, the last one whole; null where no date is given.</summary>
    /// <remarks>Not PostgreSQL's <c>at time zone</c>, for which a midnight that comes twice is the second.</remarks>
    public static (Instant? From, Instant? Until) Between(LocalDate? first, LocalDate? last, string zoneId)
    {
        var zone = TimeZones.Zone(zoneId) ?? DateTimeZone.Utc;
        return (first is { } from ? SlotGenerator.StartOfDay(from, zone) : null,
            last is { } to ? SlotGenerator.StartOfDay(to.PlusDays(1), zone) : null);
    }
}
