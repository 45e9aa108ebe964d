using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http;
using Amrutam.Portal.Api;
using Amrutam.Portal.Parts;

namespace Amrutam.Portal.Waiting;

/// <summary>Shows a patient's places on waiting lists, and the time that is offered to them.</summary>
static class ListLines
{
    public const string Path = PageAccess.WaitingPage;

    static readonly string[] Open = ["waiting", "offered"];

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet(Path,
        (HttpContext http, ApiClient api) => Page(http, api)).RequirePortal(Allow.Patient).ExcludeFromDescription();

    /// <param name="problem">The refusal of an answer to an offer, or null.</param>
    public static async Task<IResult> Page(HttpContext http, ApiClient api, ApiProblem? problem = null)
    {
        var entries = await api.GetAll<EntryView>(http, "/api/waitlist?", pages: 1);
        if (entries.Value is null) return Pages.Refuse(entries.Problem);
        var open = entries.Value.FindAll(entry => Open.Contains(entry.Status));
        var doctors = new Dictionary<Guid, DoctorView>();
        foreach (var id in open.Select(e => e.Offer?.DoctorId ?? e.DoctorId).OfType<Guid>().Distinct())
            if ((await api.Get<DoctorView>(http, $"/api/doctors/{id}")).Value is { } doctor) doctors[id] = doctor;
        return Pages.Show<LinesPage>(new
        {
            Entries = open, Doctors = doctors, Problem = problem, Key = Guid.CreateVersion7().ToString(),
        }, problem);
    }
}
