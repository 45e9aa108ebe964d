using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Portal.Api;
using Amrutam.Portal.Finding;
using Amrutam.Portal.Parts;
using Amrutam.Portal.SignIn;
using NodaTime;
using NodaTime.Text;

namespace Amrutam.Portal.Visits;

/// <summary>Books the time that a patient has chosen.</summary>
static class BookVisit
{
    public const string Path = ListVisits.Path;

    sealed record Request(Guid SlotId, string? Reason);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapForm(Path, new(Allow.Patient, [ChosenSlot.Field, "key", "reason"], Send, ShowAgain));

    static async Task<IResult> Send(HttpContext http, ApiClient api, IFormCollection form)
    {
        if (ChosenSlot.Of(form) is not { } slot) return CommonProblems.Malformed.Because();
        var reason = form.Field("reason");
        var booked = await api.Send<VisitView>(http, HttpMethod.Post, "/api/bookings",
            new Request(slot.Id, reason.Length == 0 ? null : reason), form.Field("key"));
        // The person may have booked it a moment ago and gone back to the form.
        var own = booked.Problem is null ? booked.Value : await Own(http, api, slot);
        return booked switch
        {
            _ when own is { } visit => TypedResults.LocalRedirect(ShowVisit.Address(visit.Id)),
            { Problem: { Errors: not null } wrong } => await ConfirmVisit.Page(http, api, new(slot, reason, wrong)),
            _ => await HoldTime.Week(http, api, slot, form, booked.Problem),
        };
    }

    /// <summary>The person's own visit in that slot, or null.</summary>
    static async Task<VisitView?> Own(HttpContext http, ApiClient api, ChosenSlot slot)
    {
        var at = InstantPattern.ExtendedIso.Format(slot.At);
        var then = InstantPattern.ExtendedIso.Format(slot.At + Duration.FromSeconds(1));
        var visits = await api.Get<ApiPage<VisitView>>(http, $"/api/bookings?from={at}&to={then}");
        return visits.Value?.Items.FirstOrDefault(v => v.SlotId == slot.Id
            && v.Status is "confirmed" or "requested");
    }

    static async Task<IResult> ShowAgain(HttpContext http, ApiClient api, IFormCollection form) =>
        ChosenSlot.Of(form) is { } slot ? await ConfirmVisit.Page(http, api, new(slot, form.Field("reason")))
            : Pages.Refuse(null);
}
