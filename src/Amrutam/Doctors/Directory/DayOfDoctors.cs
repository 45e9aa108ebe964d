using System.Text.Json;
using Amrutam.Platform.Http.Binding;
using NodaTime;

namespace Amrutam.Doctors.Directory;

/// <summary>A date as every doctor's own: its first and last instant in each zone, for a statement to compare with
/// slots.</summary>
/// <remarks>The instants come from the server's data about zones. PostgreSQL's own differ for some zones.</remarks>
static class DayOfDoctors
{
    /// <summary>The bounds over all zones, and for each zone its own: Unix seconds, the second not included.</summary>
    sealed record Bounds(long From, long Until, SortedDictionary<string, long[]> Zones);

    /// <returns>JSON for the parameter of <c>ListDoctors</c>: about 600 zones in 25 kB.</returns>
    public static string Json(LocalDate date)
    {
        var zones = new SortedDictionary<string, long[]>(StringComparer.Ordinal);
        foreach (var id in TimeZones.Ids)
        {
            var zone = TimeZones.Zone(id)!;
            zones[id] = [Seconds(date, zone), Seconds(date.PlusDays(1), zone)];
        }
        return JsonSerializer.Serialize(new Bounds(zones.Values.Min(b => b[0]), zones.Values.Max(b => b[1]), zones),
            Platform.Http.Binding.Json.Options);
    }

    static long Seconds(LocalDate date, DateTimeZone zone) =>
        TimeZones.FirstAt(date.AtMidnight(), zone).ToUnixTimeSeconds();
}
