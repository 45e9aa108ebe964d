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

    static readonly DateTimeZone Clinic = TimeZones.Zone(Preferences.ClinicZone)!;
    static readonly LocalDate AMonday = new(2026, 11, 23);

    static readonly Dictionary<string, string> Symbols =
        new(StringComparer.Ordinal) { ["INR"] = "₹", ["USD"] = "$", ["GBP"] = "£", ["EUR"] = "€" };

    static CultureInfo Culture => CultureInfo.CurrentCulture;

    static bool IsHindi => Culture.TwoLetterISOLanguageName == "hi";

    public static string Count(long n) => n.ToString("N0", Culture);

    public static string Percent(double share) => share.ToString("P0", Culture);

    public static string Points(double points) => points.ToString("0.#", Culture);

    public static string Day(LocalDate day) => day.ToString("d MMM", Culture);

    public static string LongDay(LocalDate day) => day.ToDateOnly().ToString("dddd d MMMM yyyy", Culture);

    public static string Weekday(int isoDay) => AMonday.PlusDays(isoDay - 1).ToDateOnly().ToString("ddd", Culture);

    public static LocalDateTime At(Instant at) => at.InZone(Clinic).LocalDateTime;

    /// <summary>"Mon 23 Nov".</summary>
    public static string ShortDay(LocalDate day) => day.ToDateOnly().ToString("ddd d MMM", Culture);

    /// <summary>"₹600", without the part of a rupee that is zero.</summary>
    public static string Money(long minor, string currency)
    {
        var amount = minor / 100m;
        var digits = amount == decimal.Truncate(amount) ? "N0" : "N2";
        return Symbols.GetValueOrDefault(currency, currency + Hard) + amount.ToString(digits, Culture);
    }

    /// <summary>The name of a language in that language, as हिन्दी; the code itself if it has none.</summary>
    public static string Tongue(string code)
    {
        var culture = CultureInfo.GetCultureInfo(code);
        return culture.NativeName is { Length: > 0 } name && culture.CultureTypes.HasFlag(CultureTypes.NeutralCultures)
            && !culture.CultureTypes.HasFlag(CultureTypes.UserCustomCulture) ? name : code;
    }

    public static string Clock(Instant at) => Clock(At(at).TimeOfDay);

    /// <summary>"4:30 pm"; in Hindi the part of the day comes first: "शाम 4:30".</summary>
    public static string Clock(LocalTime at)
    {
        var time = at.ToTimeOnly();
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

    /// <summary>The hour at which the evening begins, as the language has it.</summary>
    public static int EveningBegins => IsHindi ? 16 : 17;

    static string PartOfDay(int hour) => hour switch
    {
        >= 4 and < 12 => "सुबह",
        >= 12 and < 16 => "दोपहर",
        >= 16 and < 20 => "शाम",
        _ => "रात",
    };
}
