using NodaTime;

namespace Amrutam.Analytics;

/// <summary>Where the clinic's day begins and ends: the zone of every chart.</summary>
/// <remarks>A constant, because the roll-ups are kept by its days: another zone is another replay of the log.</remarks>
static class Clinic
{
    public static readonly DateTimeZone Zone = DateTimeZoneProviders.Tzdb["Asia/Kolkata"];

    public static LocalDate Today(TimeProvider clock) =>
        Instant.FromDateTimeOffset(clock.GetUtcNow()).InZone(Zone).Date;
}
