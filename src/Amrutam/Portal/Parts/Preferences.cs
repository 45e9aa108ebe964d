using System.Globalization;
using Amrutam.Platform.Http.Binding;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using NodaTime;

namespace Amrutam.Portal.Parts;

/// <summary>Stores a person's choice of language, of a light or dark page and of the zone of times, in cookies. Without
/// them the browser's preferences and the doctor's zone apply.</summary>
static class Preferences
{
    public const string BrowsersTheme = "system";
    const string LanguageCookie = "amrutam-language", ThemeCookie = "amrutam-theme",
        ZoneCookie = "amrutam-zone";
    static readonly CultureInfo[] Cultures = [CultureInfo.GetCultureInfo("en-IN"), CultureInfo.GetCultureInfo("hi-IN")];
    static readonly string[] Themes = ["light", "dark"];

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/preferences", Change).AllowAnybody();

    /// <summary>Sets the culture of pages. The API has none: its text is for programs.</summary>
    public static Task Speak(HttpContext http, RequestDelegate next)
    {
        if (PageAccess.MayBeAPage(http))
            CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = Wanted(http.Request);
        return next(http);
    }

    /// <returns>light, dark, or null for the browser's own.</returns>
    public static string? Theme(HttpContext http) =>
        Themes.FirstOrDefault(theme => theme == http.Request.Cookies[ThemeCookie]);

    /// <summary>The zone of pages that show several doctors, if the reader chose none.</summary>
    public const string ClinicZone = "Asia/Kolkata";

    /// <summary>The zone that the reader chose, else the given one.</summary>
    public static ReaderZone Zone(HttpContext http, string otherwise) =>
        http.Request.Cookies[ZoneCookie] is { } chosen && TimeZones.Zone(chosen) is { } zone ? new(zone, true)
            : ZoneOf(otherwise);

    /// <summary>The zone of a doctor or of the clinic, whatever the reader chose.</summary>
    public static ReaderZone ZoneOf(string id) => new(TimeZones.Zone(id) ?? DateTimeZone.Utc, false);

    /// <summary>An address of ours to return to, in the ASCII of a header. Any other address would let a link to the
    /// portal lead elsewhere, and becomes the first page.</summary>
    public static string Ours(string? address) =>
        address is ['/', not ('/' or '\\'), ..] or "/" && !address.Any(char.IsControl)
            && UnicodeText.IsWellFormed(address) ? InAscii(address) : PageAccess.Home;

    static string InAscii(string address) => string.Concat(address.EnumerateRunes()
        .Select(rune => rune.IsAscii ? rune.ToString() : Uri.EscapeDataString(rune.ToString())));

    static RedirectHttpResult Change(HttpContext http, [FromForm] string? language, [FromForm] string? theme,
        [FromForm] string? zone, [FromForm] string? back)
    {
        if (Cultures.Any(c => c.TwoLetterISOLanguageName == language)) Keep(http, LanguageCookie, language!);
        if (theme == BrowsersTheme) http.Response.Cookies.Delete(ThemeCookie);
        else if (Themes.Contains(theme)) Keep(http, ThemeCookie, theme!);
        if (zone is "") http.Response.Cookies.Delete(ZoneCookie);
        else if (zone is not null && TimeZones.Canonical(zone) is { } known) Keep(http, ZoneCookie, known);
        return TypedResults.LocalRedirect(Ours(back));
    }

    static CultureInfo Wanted(HttpRequest request) => Spoken(request.Cookies[LanguageCookie])
        ?? request.GetTypedHeaders().AcceptLanguage.OrderByDescending(l => l.Quality ?? 1)
            .Select(l => Spoken(l.Value.Value)).FirstOrDefault(c => c is not null)
        ?? Cultures[0];

    static CultureInfo? Spoken(string? language) =>
        Cultures.FirstOrDefault(c => c.TwoLetterISOLanguageName == language?.Split('-')[0].ToLowerInvariant());

    static void Keep(HttpContext http, string cookie, string value) =>
        http.Response.Cookies.Append(cookie, value, new CookieOptions
        {
            HttpOnly = true, SameSite = SameSiteMode.Lax, Secure = http.Request.IsHttps, IsEssential = true,
            MaxAge = TimeSpan.FromDays(365),
        });
}
