using Amrutam.Platform.Http;
using Amrutam.Portal.Api;
using Amrutam.Portal.Day;
using Amrutam.Portal.SignIn;

namespace Amrutam.Portal.Desk;

/// <summary>Checks a patient in at the desk, who then has a token of the queue.</summary>
static class CheckInVisit
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapForm(ShowDesk.Path + "/{id:guid}/check-in",
        new(Allow.Staff, ["key", "revision", "date", "doctor"], Send, ShowAgain));

    public static string Address(Guid visit) => $"{ShowDesk.Path}/{visit}/check-in";

    static async Task<IResult> Send(HttpContext http, ApiClient api, IFormCollection form)
    {
        var visit = Guid.Parse($"{http.Request.RouteValues["id"]}");
        var shown = Shown(form);
        var done = await api.Send<VisitView>(http, HttpMethod.Post, $"/api/bookings/{visit}/check-in", null,
            form.Field("key"), form.Revision());
        return done.Problem is { } problem
            ? await ShowDesk.Page(http, api, shown with { Refused = new(visit, problem) })
            : TypedResults.LocalRedirect(
                (shown.Day is { } day ? ShowDesk.Address(day, shown.Doctor) : ShowDesk.Path) + $"#v{visit}");
    }

    static Task<IResult> ShowAgain(HttpContext http, ApiClient api, IFormCollection form) =>
        ShowDesk.Page(http, api, Shown(form));

    static ShowDesk.Choice Shown(IFormCollection form) => new(ShowDay.DayOf(form.Field("date")), form.Id("doctor"));
}
