using System.Globalization;
using System.Text.Json.Serialization;
using Amrutam.Platform.Http.Binding;
using Amrutam.Scheduling.Generation;
using NodaTime;

namespace Amrutam.Scheduling.Schedule;

/// <summary>A weekly rule in requests and responses: a time of a weekday, on the doctor's wall clock.</summary>
/// <param name="Weekday">monday to sunday: the day on which it begins.</param>
/// <param name="From">From 00:00 to 23:59.</param>
/// <param name="To">24:00 ends the day; a time before <paramref name="From"/> is on the next day.</param>
/// <param name="SlotMinutes">5 to 720.</param>
/// <param name="GapMinutes">The pause after each slot, 0 to 720.</param>
/// <param name="ValidFrom">The first day, or null.</param>
/// <param name="ValidTo">The last day, or null. If both are the same day, these are extra hours of one date.</param>
/// <param name="VisitTypeIds">The kinds of visit that it serves; null or none for every kind that fits.</param>
sealed record ScheduleRule(
    string Weekday, string From, string To, int SlotMinutes,
    int GapMinutes = 0, LocalDate? ValidFrom = null, LocalDate? ValidTo = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<Guid>? VisitTypeIds = null)
{
    /// <summary>The most kinds that a rule names: as many as a doctor offers.</summary>
    public const int MostVisitTypes = 50;

    public const int ShortestSlot = 5, LongestSlot = 720, LongestGap = 720;

    public static readonly string[] Weekdays =
        [.. Enum.GetValues<IsoDayOfWeek>().Where(day => day != IsoDayOfWeek.None).Select(NameOf)];

    static readonly LocalDate Never = new(1900, 1, 1), Always = new(2200, 1, 1);

    /// <summary>Converts the rule to a window; reports invalid fields and returns null.</summary>
    public WeeklyWindow? Read(RequestValidation fields, string at)
    {
        var weekday = Enum.GetValues<IsoDayOfWeek>().FirstOrDefault(day => NameOf(day) == Weekday);
        var (from, to) = (Minutes(From), Minutes(To));
        if (to <= from) to += WeeklyWindow.DayMinutes;
        fields.Refuse(weekday == IsoDayOfWeek.None, at + ".weekday",
                "must be one of monday to sunday, in small letters")
            .Refuse(from is null, at + ".from", "must be a time of day to the minute, as 09:30")
            .Refuse(from == WeeklyWindow.DayMinutes, at + ".from", "must be before 24:00; say 00:00 of the next day")
            .Refuse(to is null, at + ".to", "must be a time of day to the minute, as 17:30, or 24:00 for the day's end")
            .Refuse(from is not null && From == To, at + ".to",
                "must differ from the start; 00:00 to 24:00 is a whole day")
            .Refuse(SlotMinutes is < ShortestSlot or > LongestSlot, at + ".slot_minutes",
                $"must be from {ShortestSlot} to {LongestSlot}")
            .Refuse(GapMinutes is < 0 or > LongestGap, at + ".gap_minutes", $"must be from 0 to {LongestGap}")
            .Refuse(to - from < SlotMinutes, at + ".slot_minutes", "does not fit between from and to")
            .Refuse(ValidTo < ValidFrom, at + ".valid_to", "must not be before valid_from")
            .Refuse(VisitTypeIds?.Count > MostVisitTypes, at + ".visit_type_ids", $"must be at most {MostVisitTypes}");
        if (weekday == IsoDayOfWeek.None || from is null or WeeklyWindow.DayMinutes || to is null) return null;
        var window = new WeeklyWindow(weekday, from.Value, to.Value, Duration.FromMinutes(SlotMinutes),
            Duration.FromMinutes(GapMinutes), ValidFrom ?? Never, ValidTo ?? Always,
            VisitTypeIds is { Count: > 0 } ? VisitTypeIds : null);
        fields.Refuse(ValidFrom <= ValidTo && window.ValidFrom.PlusDays(-1).Next(weekday) > window.ValidTo,
            at + ".weekday", $"does not come between {ValidFrom:uuuu-MM-dd} and {ValidTo:uuuu-MM-dd}");
        return window;
    }

    /// <summary>Minutes after midnight; null for anything but HH:mm.</summary>
    static int? Minutes(string time) =>
        time == "24:00" ? WeeklyWindow.DayMinutes
        : TimeOnly.TryParseExact(time, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var at)
            ? at.Hour * 60 + at.Minute
        : null;

    static string NameOf(IsoDayOfWeek day) =>
        day == IsoDayOfWeek.None ? "" : day.ToString().ToLowerInvariant();
}
