using System.Text.Json.Serialization;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Scheduling.Contracts;
using Amrutam.Scheduling.Generation;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Slots;

/// <summary>A slot in responses: instants in UTC and the wall clock of the doctor's zone.</summary>
/// <param name="Status">open, held, booked or closed.</param>
/// <param name="VisitType">The kind of visit that was asked for, with its price; only in a list for a kind.</param>
sealed record Slot(Guid Id, Guid DoctorId, Instant StartsAt, Instant EndsAt, LocalDate Date, LocalTime StartTime,
    LocalTime EndTime, string TimeZone, string Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] VisitTypeCopy? VisitType = null)
{
    /// <summary>The columns that <see cref="Read"/> reads, in its order, of <c>scheduling.slots s</c> and the zone
    /// <c>p.time_zone</c>.</summary>
    public const string Columns =
        "s.id, s.doctor_id, s.starts_at, s.ends_at, p.time_zone, scheduling.slot_state(s)";

    public static Slot Read(NpgsqlDataReader row) =>
        Of(row.GetGuid(0), row.GetGuid(1), row.GetInstant(2), row.GetInstant(3), row.GetString(4), row.GetString(5));

    public static Slot Of(Guid id, Guid doctor, Instant starts, Instant ends, string zoneId, string status)
    {
        var zone = TimeZones.Zone(zoneId) ?? DateTimeZone.Utc;
        var (from, to) = (starts.InZone(zone), ends.InZone(zone));
        return new(id, doctor, starts, ends, from.Date, from.TimeOfDay, to.TimeOfDay, zoneId, status);
    }

    /// <summary>The instants at which the first date begins and the last date ends; null where no date is
    /// given.</summary>
    public static (Instant? From, Instant? Until) Between(LocalDate? first, LocalDate? last, string zoneId)
    {
        var zone = TimeZones.Zone(zoneId) ?? DateTimeZone.Utc;
        return (first is { } from ? SlotGenerator.StartOfDay(from, zone) : null,
            last is { } to ? SlotGenerator.StartOfDay(to.PlusDays(1), zone) : null);
    }
}
