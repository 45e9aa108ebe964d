using System.Globalization;
using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http;
using Amrutam.Platform.Privacy;
using Amrutam.Portal.Api;
using Amrutam.Portal.Parts;
using NodaTime;
using NodaTime.Extensions;
using NodaTime.Text;

namespace Amrutam.Portal.Day;

/// <summary>Shows a doctor the visits of one day with the steps of each.</summary>
/// <remarks>The page renews itself, unless its reader has stopped that, so that it shows who has arrived.</remarks>
static class ShowDay
{
    /// <summary>A visit whose step was refused.</summary>
    public sealed record Refused(Guid Visit, ApiProblem Problem);

    public const string Path = PageAccess.DayPage;

    /// <summary>The record that the API makes of the patients whom the page shows.</summary>
    public const string Reads = "bookings.read";

    const int RenewalSeconds = 30, MaxPages = 3;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet(Path,
        (HttpContext http, ApiClient api, string? date = null, bool still = false) =>
            Page(http, api, DayOf(date), still))
        .RequirePortal(Allow.Doctor).WithMetadata(new RecordsAccess(Reads)).ExcludeFromDescription();

    /// <summary>The day that an address or a field names; null if it names none.</summary>
    public static LocalDate? DayOf(string? text) =>
        LocalDatePattern.Iso.Parse(text ?? "") is { Success: true, Value: var day } ? day : null;

    public static string Address(LocalDate day, bool still = false) =>
        $"{Path}?date={LocalDatePattern.Iso.Format(day)}{(still ? "&still=true" : "")}";

    public static async Task<IResult> Page(HttpContext http, ApiClient api, LocalDate? day, bool still,
        Refused? refused = null)
    {
        var own = await api.Get<DoctorView>(http, "/api/doctors/profile");
        if (own.Value is not { } doctor)
            return own.Status == StatusCodes.Status404NotFound ? Pages.Show<NoProfilePage>(new { })
                : Pages.Refuse(own.Problem);
        var zone = Preferences.Zone(http, doctor.TimeZone);
        var today = zone.At(http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow().ToInstant()).Day;
        var shown = day ?? today;
        var visits = await api.GetAll<VisitView>(http, "/api/bookings?sort=starts_at"
            + $"&from={zone.StartOf(shown)}&to={zone.StartOf(shown.PlusDays(1))}", MaxPages);
        if (visits.Value is null) return Pages.Refuse(visits.Problem);
        if (!still && shown == today && refused is null)
            http.Response.Headers["Refresh"] = RenewalSeconds.ToString(CultureInfo.InvariantCulture);
        return Pages.Show<DayPage>(new
        {
            Visits = visits.Value, Zone = zone, Day = shown, Today = today, Still = still,
            RefusedVisit = refused?.Visit, refused?.Problem, Key = Guid.CreateVersion7().ToString(),
        }, refused?.Problem);
    }
}
