using System.Text.Json;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Portal.Api;
using Amrutam.Portal.Finding;
using Amrutam.Portal.Parts;
using Amrutam.Portal.SignIn;

namespace Amrutam.Portal.Visits;

/// <summary>Holds the time that a patient chose, and leads on to the booking.</summary>
/// <remarks>A time that was taken meanwhile shows the same week again, with the nearest times and what was
/// typed.</remarks>
static class HoldTime
{
    const string Path = ShowWeek.HoldPath;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapForm(Path,
            new(Allow.Patient, [ChosenSlot.Field, KindsOfDoctor.Field, "key", "reason"], Send, ShowAgain));

    static async Task<IResult> Send(HttpContext http, ApiClient api, IFormCollection form)
    {
        if (ChosenSlot.Of(form) is not { } slot) return CommonProblems.Malformed.Because();
        var held = await api.Send<JsonElement>(http, HttpMethod.Post, $"/api/slots/{slot.Id}/hold", null,
            form.Field("key"));
        if (held.Problem is { } problem)
            return await Week(http, api, slot, form, problem);
        // The typed reason is health data and stands in no address.
        var kind = form.Id(KindsOfDoctor.Field);
        return form.Field("reason") is { Length: > 0 } reason
            ? await ConfirmVisit.Page(http, api, new(slot, kind, reason))
            : TypedResults.LocalRedirect(ConfirmVisit.Address(slot, kind));
    }

    static async Task<IResult> ShowAgain(HttpContext http, ApiClient api, IFormCollection form) =>
        ChosenSlot.Of(form) is { } slot ? await Week(http, api, slot, form, null) : Pages.Refuse(null);

    /// <summary>The week of a slot, with a refusal and what was typed.</summary>
    public static Task<IResult> Week(HttpContext http, ApiClient api, ChosenSlot slot, IFormCollection form,
        ApiProblem? problem) =>
        ShowWeek.Page(http, api, http.RequestServices.GetRequiredService<TimeProvider>(),
            new(slot.Doctor, Preferences.Zone(http, "UTC").At(slot.At).Day, problem, form.Field("reason"),
                Kind: form.Id(KindsOfDoctor.Field)));
}
