using System.Collections.Frozen;
using NodaTime;
using NodaTime.TimeZones;

namespace Amrutam.Platform.Http.Binding;

/// <summary>Turns wall-clock times into instants. A time in a gap does not exist, and a repeated time is the earlier
/// one.</summary>
/// <remarks>NodaTime's data alone decide about zones. PostgreSQL has data of its own, of another year, so no statement
/// asks it for a doctor's local time.</remarks>
static class TimeZones
{
    // Appointments are within a lifetime. A date outside it is a typing error, and far dates overflow the arithmetic of
    // zones.
    static readonly LocalDate First = new(1900, 1, 1), Last = new(2200, 1, 1);

    public static bool InRange(LocalDate date) => date >= First && date < Last;

    public static bool InRange(Instant at) => InRange(at.InUtc().Date);

    /// <summary>The zone of an IANA identifier as <c>Asia/Kolkata</c>; null for abbreviations (IST is three zones),
    /// offsets and unknown names.</summary>
    public static DateTimeZone? Zone(string id) =>
        id.Contains('/', StringComparison.Ordinal) || id == "UTC" ? DateTimeZoneProviders.Tzdb.GetZoneOrNull(id) : null;

    static readonly FrozenSet<string> Present = (TzdbDateTimeZoneSource.Default.ZoneLocations ?? [])
        .Select(location => location.ZoneId).Append("UTC").ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Every identifier that <see cref="Zone"/> knows, former names among them.</summary>
    public static IReadOnlyList<string> Ids { get; } =
        [.. DateTimeZoneProviders.Tzdb.Ids.Where(id => Zone(id) is not null)];

    /// <summary>The present name of a zone: <c>Asia/Kolkata</c> for the former <c>Asia/Calcutta</c>.</summary>
    /// <remarks>A place of the present list keeps its name, although its rules may be another place's.</remarks>
    /// <returns>Null for what <see cref="Zone"/> does not know.</returns>
    public static string? Canonical(string id) => Zone(id) is null ? null
        : Present.Contains(id) ? id : TzdbDateTimeZoneSource.Default.CanonicalIdMap[id];

    /// <summary>The first instant at or after a local time: a skipped time is the instant of the clock change, a
    /// repeated time is the first.</summary>
    public static Instant FirstAt(LocalDateTime local, DateTimeZone zone) =>
        zone.MapLocal(local) is { Count: > 0 } map ? map.First().ToInstant()
            : zone.MapLocal(local).LateInterval.Start;

    /// <returns>The instant; null when the clocks skip that time.</returns>
    public static Instant? At(LocalDateTime local, DateTimeZone zone) =>
        zone.MapLocal(local) is { Count: > 0 } map ? map.First().ToInstant() : null;
}
