using System.Globalization;
using Amrutam.Platform.Http.Binding;
using Microsoft.Extensions.Localization;
using NodaTime;

namespace Amrutam.Portal.Parts;

/// <summary>Writes numbers, dates and times as in the reader's language.</summary>
static class Show
{
    // A thin no-break space keeps "9:41 am" together.
    const string Thin = "\u202f", Hard = "\u00a0";

    static readonly DateTimeZone Clinic = TimeZones.Zone("Asia/Kolkata")!;
    static readonly LocalDate AMonday = new(2026, 11, 23);

    static CultureInfo Culture => CultureInfo.CurrentCulture;

    static bool IsHindi => Culture.TwoLetterISOLanguageName == "hi";

    public static string Count(long n) => n.ToString("N0", Culture);

    public static string Percent(double share) => share.ToString("P0", Culture);

    public static string Points(double points) => points.ToString("0.#", Culture);

    public static string Day(LocalDate day) => day.ToString("d MMM", Culture);

    public static string LongDay(LocalDate day) => day.ToDateOnly().ToString("dddd d MMMM yyyy", Culture);

    public static string Weekday(int isoDay) => AMonday.PlusDays(isoDay - 1).ToDateOnly().ToString("ddd", Culture);

    public static LocalDateTime At(Instant at) => at.InZone(Clinic).LocalDateTime;

    /// <summary>"4:30 pm"; in Hindi the part of the day comes first: "शाम 4:30".</summary>
    public static string Clock(Instant at)
    {
        var time = At(at).TimeOfDay.ToTimeOnly();
        var digits = time.ToString("h:mm", CultureInfo.InvariantCulture);
        return IsHindi
            ? PartOfDay(time.Hour) + Hard + digits
            : digits + Thin + time.ToString("tt", Culture).ToLower(Culture);
    }

    public static string Ago(IStringLocalizer words, TimeSpan age) => age switch
    {
        { TotalMinutes: < 1 } => words["ago.now"],
        { TotalHours: < 1 } => words["ago.minutes", Count((long)age.TotalMinutes)],
        { TotalDays: < 1 } => words["ago.hours", Count((long)age.TotalHours)],
        _ => words.Plural("ago.days", (long)age.TotalDays),
    };

    static string PartOfDay(int hour) => hour switch
    {
        >= 4 and < 12 => "सुबह",
        >= 12 and < 16 => "दोपहर",
        >= 16 and < 20 => "शाम",
        _ => "रात",
    };
}
