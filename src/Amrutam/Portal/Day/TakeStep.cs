using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Portal.Api;
using Amrutam.Portal.SignIn;

namespace Amrutam.Portal.Day;

/// <summary>Takes the next step of a visit: answers a request, checks in, starts, completes, records a no-show, or
/// takes the last step back.</summary>
static class TakeStep
{
    sealed record NoShow(string Party);

    static readonly Dictionary<string, string[]> ByStatus = new(StringComparer.Ordinal)
    {
        ["requested"] = ["acceptance", "decline"],
        ["confirmed"] = ["check-in", "completion", "no-show"],
        ["checked_in"] = ["start", "completion", "no-show", "undo"],
        ["in_progress"] = ["completion", "undo"],
        ["completed"] = ["undo"],
        ["no_show"] = ["undo"],
    };

    /// <summary>Every step, by the last part of its route in the API.</summary>
    public static IEnumerable<string> All => ByStatus.Values.SelectMany(steps => steps).Distinct();

    /// <summary>The steps that a page offers in a state, the usual one first. The API decides.</summary>
    public static string[] Offered(string status) => ByStatus.GetValueOrDefault(status, []);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapForm(ShowDay.Path + "/{id:guid}",
        new(Allow.Doctor, ["step", "key", "revision", "date"], Send, ShowAgain));

    public static string Address(Guid visit) => $"{ShowDay.Path}/{visit}";

    static async Task<IResult> Send(HttpContext http, ApiClient api, IFormCollection form)
    {
        var (id, step) = (Guid.Parse($"{http.Request.RouteValues["id"]}"), form.Field("step"));
        if (!All.Contains(step)) return CommonProblems.Malformed.Because();
        var day = ShowDay.DayOf(form.Field("date"));
        var done = await api.Send<VisitView>(http, HttpMethod.Post, $"/api/bookings/{id}/{step}",
            step == "no-show" ? new NoShow("patient") : null, form.Field("key"), form.Revision());
        return done.Problem is { } problem ? await ShowDay.Page(http, api, day, false, new(id, problem))
            : TypedResults.LocalRedirect((day is { } shown ? ShowDay.Address(shown) : ShowDay.Path) + $"#v{id}");
    }

    static Task<IResult> ShowAgain(HttpContext http, ApiClient api, IFormCollection form) =>
        ShowDay.Page(http, api, ShowDay.DayOf(form.Field("date")), false);
}
