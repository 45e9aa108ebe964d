using NodaTime;

namespace Amrutam.Analytics;

/// <summary>The time zone of the clinic's days, and of every chart.</summary>
/// <remarks>It is a constant, because the roll-ups use these days. Another zone needs a replay of the log.</remarks>
static class Clinic
{
    public static readonly DateTimeZone Zone = DateTimeZoneProviders.Tzdb["Asia/Kolkata"];

    public static LocalDate Today(TimeProvider clock) =>
        Instant.FromDateTimeOffset(clock.GetUtcNow()).InZone(Zone).Date;
}
