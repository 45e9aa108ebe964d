using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http;
using Amrutam.Platform.Privacy;
using Amrutam.Portal.Api;
using Amrutam.Portal.Day;
using Amrutam.Portal.Parts;
using NodaTime;
using NodaTime.Extensions;
using NodaTime.Text;

namespace Amrutam.Portal.Desk;

/// <summary>Shows the front desk the visits of a day, of all doctors side by side or of one with its queue.</summary>
/// <remarks>All doctors are one request of the API. A doctor's own view adds the queue, which is kept for each
/// doctor.</remarks>
static class ShowDesk
{
    /// <param name="Day">Null for today.</param>
    /// <param name="Doctor">Null for all doctors.</param>
    public sealed record Choice(LocalDate? Day = null, Guid? Doctor = null, ShowDay.Refused? Refused = null);

    public const string Path = PageAccess.DeskPage;

    // The page of a clinic with 1000 visits a day is long enough.
    const int MaxPages = 10;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet(Path,
        (HttpContext http, ApiClient api, string? date = null, Guid? doctor = null) =>
            Page(http, api, new(ShowDay.DayOf(date), doctor)))
        .RequirePortal(Allow.Staff).WithMetadata(new RecordsAccess(ShowDay.Reads)).ExcludeFromDescription();

    public static string Address(LocalDate day, Guid? doctor) =>
        $"{Path}?date={LocalDatePattern.Iso.Format(day)}{(doctor is { } id ? $"&doctor={id}" : "")}";

    public static async Task<IResult> Page(HttpContext http, ApiClient api, Choice choice)
    {
        var doctor = choice.Doctor is { } id ? await api.Get<DoctorView>(http, $"/api/doctors/{id}") : null;
        if (doctor is { Value: null }) return Pages.Refuse(doctor.Problem);
        // The queue is of a date in the doctor's zone, so a doctor's day is too. All doctors have the reader's zone.
        var zone = doctor?.Value is { } one ? Preferences.ZoneOf(one.TimeZone)
            : Preferences.Zone(http, Preferences.ClinicZone);
        var today = zone.At(http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow().ToInstant()).Day;
        var day = choice.Day ?? today;
        var visits = await api.GetAll<DeskVisitView>(http, "/api/admin/bookings?sort=starts_at"
            + $"&from={zone.StartOf(day)}&to={zone.StartOf(day.PlusDays(1))}"
            + (choice.Doctor is { } of ? $"&doctor_id={of}" : ""), MaxPages);
        if (visits.Value is null) return Pages.Refuse(visits.Problem);
        var queue = choice.Doctor is { } his ? await api.Get<ApiPage<QueueView>>(http,
            $"/api/day?doctor_id={his}&date={LocalDatePattern.Iso.Format(day)}") : null;
        if (queue is { Value: null }) return Pages.Refuse(queue.Problem);
        return Pages.Show<DeskPage>(new
        {
            Visits = visits.Value, Queue = queue?.Value?.Items ?? [], Doctor = doctor?.Value, Zone = zone, Day = day,
            Today = today, RefusedVisit = choice.Refused?.Visit, choice.Refused?.Problem,
            Key = Guid.CreateVersion7().ToString(),
        }, choice.Refused?.Problem);
    }
}
