using NodaTime;

namespace Amrutam.Platform.Http.Binding;

/// <summary>Turns wall-clock times into instants. A time in a gap does not exist, and a repeated time is the earlier
/// one.</summary>
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

    /// <returns>The instant; null when the clocks skip that time.</returns>
    public static Instant? At(LocalDateTime local, DateTimeZone zone) =>
        zone.MapLocal(local) is { Count: > 0 } map ? map.First().ToInstant() : null;
}
