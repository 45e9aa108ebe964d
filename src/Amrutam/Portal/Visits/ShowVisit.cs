using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http;
using Amrutam.Portal.Api;
using Amrutam.Portal.Parts;

namespace Amrutam.Portal.Visits;

/// <summary>Shows one visit with what its patient may do: the confirmation of a booking, to keep or to print.</summary>
static class ShowVisit
{
    /// <param name="Reason">The reason of a cancellation, as it was typed.</param>
    public sealed record Wish(Guid Visit, ApiProblem? Problem = null, string? Reason = null, bool IsCancelling = false);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(ListVisits.Path + "/{id:guid}", (HttpContext http, ApiClient api, Guid id) =>
            Page(http, api, new(id))).RequirePortal(Allow.Patient).ExcludeFromDescription();
        routes.MapGet(ListVisits.Path + "/{id:guid}/cancellation", (HttpContext http, ApiClient api, Guid id) =>
            Page(http, api, new(id, IsCancelling: true))).RequirePortal(Allow.Patient).ExcludeFromDescription();
    }

    public static string Address(Guid visit) => $"{ListVisits.Path}/{visit}";

    public static async Task<IResult> Page(HttpContext http, ApiClient api, Wish wish)
    {
        var visit = await api.Get<VisitView>(http, $"/api/bookings/{wish.Visit}");
        if (visit.Value is null) return Pages.Refuse(visit.Problem);
        // A doctor who is listed no more has no name here, and the visit is shown all the same.
        var doctor = await api.Get<DoctorView>(http, $"/api/doctors/{visit.Value.DoctorId}");
        return Pages.Show<VisitPage>(new
        {
            Visit = visit.Value, Doctor = doctor.Value, wish.Problem, wish.Reason, wish.IsCancelling,
            Key = Guid.CreateVersion7().ToString(),
        }, wish.Problem);
    }
}
