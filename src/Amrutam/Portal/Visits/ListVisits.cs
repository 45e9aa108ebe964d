using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http;
using Amrutam.Portal.Api;
using Amrutam.Portal.Parts;
using NodaTime.Extensions;
using NodaTime.Text;

namespace Amrutam.Portal.Visits;

/// <summary>Shows a patient's visits: those to come, the soonest first, then those that are over.</summary>
static class ListVisits
{
    public const string Path = PageAccess.VisitsPage;

    const int MaxPages = 10, PastShown = 20;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet(Path, Handle).RequirePortal(Allow.Patient).ExcludeFromDescription();

    static async Task<IResult> Handle(HttpContext http, ApiClient api, TimeProvider clock)
    {
        // A visit that has just begun is still one to come.
        var since = InstantPattern.ExtendedIso.Format(clock.GetUtcNow().ToInstant() - NodaTime.Duration.FromHours(2));
        var ahead = await api.GetAll<VisitView>(http, $"/api/bookings?sort=starts_at&from={since}", MaxPages);
        var past = await api.Get<ApiPage<VisitView>>(http, $"/api/bookings?to={since}&limit={PastShown}");
        if (ahead.Value is null || past.Value is null) return Pages.Refuse(ahead.Problem ?? past.Problem);
        var doctors = await Doctors(http, api, ahead.Value.Concat(past.Value.Items));
        return Pages.Show<VisitsPage>(new { Ahead = ahead.Value, Past = past.Value.Items, Doctors = doctors });
    }

    /// <summary>The doctors of visits, without those who are listed no more.</summary>
    static async Task<Dictionary<Guid, DoctorView>> Doctors(HttpContext http, ApiClient api,
        IEnumerable<VisitView> visits)
    {
        var doctors = new Dictionary<Guid, DoctorView>();
        // One after the other, because a page takes one place among the requests of its person.
        foreach (var id in visits.Select(visit => visit.DoctorId).Distinct())
            if ((await api.Get<DoctorView>(http, $"/api/doctors/{id}")).Value is { } doctor) doctors[id] = doctor;
        return doctors;
    }
}
