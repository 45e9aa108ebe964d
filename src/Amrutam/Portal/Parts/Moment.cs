using System.Globalization;
using NodaTime;
using NodaTime.Text;

namespace Amrutam.Portal.Parts;

/// <summary>An instant as the clocks of a zone show it.</summary>
/// <param name="ZoneName">The zone's short name at that instant, as IST or UTC+5:45.</param>
public readonly record struct Moment(LocalDate Day, LocalTime Time, string ZoneName)
{
    /// <summary>The one place where a page turns an instant into a day and a time.</summary>
    public static Moment Of(Instant at, DateTimeZone zone)
    {
        var local = at.InZone(zone);
        return new(local.Date, local.TimeOfDay, NameOf(zone.GetZoneInterval(at)));
    }

    // The database of zones names some of them by their offset alone, as +0545.
    static string NameOf(NodaTime.TimeZones.ZoneInterval interval) =>
        interval.Name is ['+' or '-', ..] ? "UTC" + interval.WallOffset.ToString("g", CultureInfo.InvariantCulture)
            : interval.Name;
}

/// <summary>The zone in which a page writes times for its reader.</summary>
/// <param name="IsChosen">False if the reader has chosen none, so that it is the doctor's.</param>
public sealed record ReaderZone(DateTimeZone Zone, bool IsChosen)
{
    /// <summary>The place that gives the zone its name: London for Europe/London.</summary>
    public static string Place(string zoneId) =>
        zoneId[(zoneId.LastIndexOf('/') + 1)..].Replace('_', ' ');

    public Moment At(Instant instant) => Moment.Of(instant, Zone);

    /// <summary>The instant at which a day begins, as a query of the API takes it.</summary>
    public string StartOf(LocalDate day) => InstantPattern.ExtendedIso.Format(day.AtStartOfDayInZone(Zone).ToInstant());
}
