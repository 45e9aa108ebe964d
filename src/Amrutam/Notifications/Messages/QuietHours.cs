using Amrutam.Platform.Http.Binding;
using NodaTime;

namespace Amrutam.Notifications.Messages;

/// <summary>The hours in which a person wants no reminder, by the wall clock of a zone.</summary>
/// <param name="From">The first quiet time of day.</param>
/// <param name="Until">The first time of day that is no longer quiet. A time before <paramref name="From"/> is on the
/// next day; equal times are no quiet hours.</param>
sealed record QuietHours(LocalTime From, LocalTime Until, DateTimeZone Zone)
{
    /// <returns>The instant itself, or the begin of the quiet hours that it lies in. It is the earlier side, because a
    /// late reminder is worth nothing.</returns>
    public Instant Before(Instant at)
    {
        var local = at.InZone(Zone).LocalDateTime;
        if (!IsQuiet(local.TimeOfDay)) return at;
        var date = From < Until || local.TimeOfDay >= From ? local.Date : local.Date.PlusDays(-1);
        var begin = TimeZones.FirstAt(date + From, Zone);
        // Where the clocks go back, the begin may come twice, and the second time after the instant.
        return begin < at ? begin : at;
    }

    bool IsQuiet(LocalTime time) => From < Until ? time >= From && time < Until
        : From > Until && (time >= From || time < Until);
}
