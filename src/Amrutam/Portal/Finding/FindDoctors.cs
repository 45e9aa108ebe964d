using Amrutam.Portal.Api;
using Amrutam.Portal.Parts;
using NodaTime.Extensions;
using NodaTime.Text;

namespace Amrutam.Portal.Finding;

/// <summary>Shows the directory of doctors: search by words, day and order, with the next free time of each.</summary>
static class FindDoctors
{
    public const string Path = PageAccess.DoctorsPage;

    public static readonly string[] Sorts = ["soonest", "fee", "experience"];

    /// <summary>The days to choose from, in days from today.</summary>
    public static readonly (string Key, int Days)[] Days = [("today", 0), ("tomorrow", 1)];

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet(Path, Handle).AllowAnybody();

    static async Task<IResult> Handle(HttpContext http, ApiClient api, TimeProvider clock, string? q = null,
        string? when = null, string? sort = null, string? cursor = null)
    {
        var zone = Preferences.Zone(http, Preferences.ClinicZone);
        var today = zone.At(clock.GetUtcNow().ToInstant()).Day;
        var order = Sorts.FirstOrDefault(s => s == sort) ?? (string.IsNullOrWhiteSpace(q) ? Sorts[0] : "relevance");
        var address = $"/api/doctors?sort={order}"
            + (string.IsNullOrWhiteSpace(q) ? "" : "&q=" + Uri.EscapeDataString(q))
            + (Days.Any(d => d.Key == when)
                ? "&available_on=" + LocalDatePattern.Iso.Format(today.PlusDays(Days.First(d => d.Key == when).Days))
                : "")
            + (string.IsNullOrEmpty(cursor) ? "" : "&cursor=" + Uri.EscapeDataString(cursor));
        var found = await api.Get<ApiPage<DoctorView>>(http, address);
        return Pages.Show<FindDoctorsPage>(new
        {
            Words = q, When = when, Sort = order, Found = found.Value, found.Problem, Today = today,
        }, found.Problem);
    }
}
