using System.Text.Json;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Portal.Api;
using Amrutam.Portal.Parts;
using Amrutam.Portal.SignIn;

namespace Amrutam.Portal.Waiting;

/// <summary>Accepts or declines the time that a waiting list offers, or leaves the list.</summary>
static class AnswerOffer
{
    public const string Accept = "accept", Decline = "decline", Leave = "leave";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapForm(ListLines.Path + "/{id:guid}", new(Allow.Patient, ["answer", "key"], Send,
            (http, api, _) => ListLines.Page(http, api)));

    public static string Address(Guid entry) => $"{ListLines.Path}/{entry}";

    static async Task<IResult> Send(HttpContext http, ApiClient api, IFormCollection form)
    {
        var entry = $"/api/waitlist/{http.Request.RouteValues["id"]}";
        var key = form.Field("key");
        switch (form.Field("answer"))
        {
            case Accept:
                var booked = await api.Send<VisitView>(http, HttpMethod.Post, entry + "/acceptance", new { }, key);
                return booked.Value is { } visit
                    ? TypedResults.LocalRedirect($"{PageAccess.VisitsPage}/{visit.Id}")
                    : await ListLines.Page(http, api, booked.Problem);
            case Decline:
                return await Done(await api.Send<JsonElement>(http, HttpMethod.Post, entry + "/decline", null, key));
            case Leave:
                return await Done(await api.Send<JsonElement>(http, HttpMethod.Delete, entry, null));
            default:
                return CommonProblems.Malformed.Because();
        }

        async Task<IResult> Done(ApiAnswer<JsonElement> answer) => answer.Problem is { } problem
            ? await ListLines.Page(http, api, problem)
            : TypedResults.LocalRedirect(ListLines.Path);
    }
}
