using Amrutam.Platform.Http;
using Amrutam.Portal.Api;
using Amrutam.Portal.SignIn;

namespace Amrutam.Portal.Visits;

/// <summary>Cancels a visit of the signed-in patient.</summary>
static class CancelVisit
{
    sealed record Request(string? Reason);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapForm(
        ListVisits.Path + "/{id:guid}/cancellation",
        new(Allow.Patient, ["key", "reason", "revision"], Send, ShowAgain));

    static async Task<IResult> Send(HttpContext http, ApiClient api, IFormCollection form)
    {
        var (visit, reason) = (IdOf(http), form.Field("reason"));
        var done = await api.Send<VisitView>(http, HttpMethod.Post, $"/api/bookings/{visit}/cancellation",
            new Request(reason.Length == 0 ? null : reason), form.Field("key"), form.Revision());
        return done.Problem is null ? TypedResults.LocalRedirect(ShowVisit.Address(visit))
            : await ShowVisit.Page(http, api, new(visit, done.Problem, reason, IsCancelling: true));
    }

    static Task<IResult> ShowAgain(HttpContext http, ApiClient api, IFormCollection form) =>
        ShowVisit.Page(http, api, new(IdOf(http), null, form.Field("reason"), IsCancelling: true));

    /// <summary>The visit of the route.</summary>
    public static Guid IdOf(HttpContext http) => Guid.Parse(http.Request.RouteValues["id"]!.ToString()!);
}
