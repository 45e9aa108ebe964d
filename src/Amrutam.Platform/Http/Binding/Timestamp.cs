using System.Globalization;
using System.Text.RegularExpressions;
using NodaTime;

namespace Amrutam.Platform.Http.Binding;

/// <summary>Reads instants in RFC 3339, wherever a request has one.</summary>
/// <remarks>
/// Digits beyond the microsecond are dropped, because PostgreSQL stores none: an answer has the instant that is stored.
/// NodaTime's pattern refuses small letters and offsets beyond 18 hours, and its conversion throws near the year 9999.
/// </remarks>
static partial class Timestamp
{
    public const string Rule = "must be an RFC 3339 date-time with an offset, as 2026-11-22T09:30:00Z";

    const int MicrosecondDigits = 6;

    /// <returns>The instant; null for other text, and for an instant that <see cref="TimeZones.InRange(Instant)"/>
    /// excludes.</returns>
    public static Instant? Parse(string? text)
    {
        if (text is null || Form().Match(text) is not { Success: true } match) return null;
        var (year, month, day) = (Number(match, "year"), Number(match, "month"), Number(match, "day"));
        // RFC 3339 allows a leap second. Clocks here have none: it is the first instant of the next minute.
        var (hour, minute, second) = (Number(match, "hour"), Number(match, "minute"), Number(match, "second"));
        if (month is < 1 or > 12 || year < 1 || day < 1 || day > CalendarSystem.Iso.GetDaysInMonth(year, month)
            || hour > 23 || minute > 59 || second > 60) return null;
        var date = new LocalDate(year, month, day);
        if (!TimeZones.InRange(date) || Offset(match) is not { } offset) return null;
        var at = date.AtMidnight().InUtc().ToInstant() - offset
            + Duration.FromSeconds(hour * 3600 + minute * 60 + second)
            + Duration.FromNanoseconds(1000L * Microseconds(match));
        return TimeZones.InRange(at) && (second < 60 || IsLeapSecond(at)) ? at : null;
    }

    /// <summary>Every leap second so far was the last of June or of December in UTC.</summary>
    static bool IsLeapSecond(Instant end) => end.InUtc() is
    {
        Month: 1 or 7, Day: 1, Hour: 0, Minute: 0, Second: 0
    };

    static Duration? Offset(Match match)
    {
        if (!match.Groups["sign"].Success) return Duration.Zero;
        var (hours, minutes) = (Number(match, "hours"), Number(match, "minutes"));
        if (hours > 23 || minutes > 59) return null;
        var size = Duration.FromMinutes(hours * 60 + minutes);
        return match.Groups["sign"].Value == "-" ? -size : size;
    }

    static int Microseconds(Match match)
    {
        var digits = match.Groups["fraction"].Value;
        return digits.Length == 0 ? 0
            : int.Parse(digits[..Math.Min(MicrosecondDigits, digits.Length)].PadRight(MicrosecondDigits, '0'),
                CultureInfo.InvariantCulture);
    }

    static int Number(Match match, string group) =>
        int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(
        @"^(?<year>[0-9]{4})-(?<month>[0-9]{2})-(?<day>[0-9]{2})[Tt]"
        + @"(?<hour>[0-9]{2}):(?<minute>[0-9]{2}):(?<second>[0-9]{2})(\.(?<fraction>[0-9]+))?"
        + @"([Zz]|(?<sign>[+-])(?<hours>[0-9]{2}):(?<minutes>[0-9]{2}))\z",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 100)]
    private static partial Regex Form();
}
