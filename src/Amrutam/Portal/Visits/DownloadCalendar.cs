using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http;
using Amrutam.Portal.Api;
using Amrutam.Portal.Parts;

namespace Amrutam.Portal.Visits;

/// <summary>Downloads a visit for the patient's calendar; 404 for another person's visit.</summary>
/// <remarks>A browser has the page's cookie, which does not open the API. So the page fetches the API's file.</remarks>
static class DownloadCalendar
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet(ListVisits.Path + "/{id:guid}/calendar.ics", Handle).RequirePortal(Allow.Patient)
            .ExcludeFromDescription();

    public static string Address(Guid visit) => ShowVisit.Address(visit) + "/calendar.ics";

    static async Task<IResult> Handle(HttpContext http, ApiClient api, Guid id)
    {
        var file = await api.Download(http, $"/api/bookings/{id}/calendar.ics");
        return file.Value is { } calendar ? TypedResults.Bytes(calendar.Bytes, calendar.Type, "visit.ics")
            : Pages.Refuse(file.Problem);
    }
}
