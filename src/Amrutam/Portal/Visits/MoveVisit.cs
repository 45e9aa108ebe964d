using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Portal.Api;
using Amrutam.Portal.Finding;
using Amrutam.Portal.Parts;
using Amrutam.Portal.SignIn;
using NodaTime;

namespace Amrutam.Portal.Visits;

/// <summary>Moves a visit of the signed-in patient to another time of the same doctor.</summary>
static class MoveVisit
{
    sealed record Request(Guid SlotId);

    const string Route = ListVisits.Path + "/{id:guid}/move";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Route, Ask).RequirePortal(Allow.Patient).ExcludeFromDescription();
        routes.MapForm(Route, new(Allow.Patient, [ChosenSlot.Field, "key", "revision"], Send, ShowAgain));
    }

    static Task<IResult> Ask(HttpContext http, ApiClient api, Guid id, string? from = null) =>
        Week(http, api, id, ShowWeek.DayOf(from));

    static async Task<IResult> Send(HttpContext http, ApiClient api, IFormCollection form)
    {
        if (ChosenSlot.Of(form) is not { } slot) return CommonProblems.Malformed.Because();
        var visit = CancelVisit.IdOf(http);
        var moved = await api.Send<VisitView>(http, HttpMethod.Post, $"/api/bookings/{visit}/move",
            new Request(slot.Id), form.Field("key"), form.Revision());
        return moved.Problem is null ? TypedResults.LocalRedirect(ShowVisit.Address(visit))
            : await Week(http, api, visit, DayOf(http, slot), moved.Problem);
    }

    static async Task<IResult> ShowAgain(HttpContext http, ApiClient api, IFormCollection form) =>
        ChosenSlot.Of(form) is { } slot ? await Week(http, api, CancelVisit.IdOf(http), DayOf(http, slot))
            : Pages.Refuse(null);

    static LocalDate DayOf(HttpContext http, ChosenSlot slot) => Preferences.Zone(http, "UTC").At(slot.At).Day;

    /// <summary>The week of the visit's doctor; without a day, the first that is free.</summary>
    static async Task<IResult> Week(HttpContext http, ApiClient api, Guid id, LocalDate? day,
        ApiProblem? problem = null)
    {
        var visit = await api.Get<VisitView>(http, $"/api/bookings/{id}");
        if (visit.Value is null) return Pages.Refuse(visit.Problem);
        return await ShowWeek.Page(http, api, http.RequestServices.GetRequiredService<TimeProvider>(),
            new(visit.Value.DoctorId, day, problem, Move: new(visit.Value, ShowVisit.Address(id))));
    }
}
