using System.Globalization;
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

    const string PriceHasChanged = "price_has_changed";

    sealed record Request(Guid SlotId, string? Reason, Guid? VisitTypeId, int? ExpectedFeeMinor);

    /// <summary>The price that the form showed.</summary>
    public const string FeeField = "fee";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapForm(Path, new(Allow.Patient, [ChosenSlot.Field, KindsOfDoctor.Field, FeeField, "key", "reason"],
            Send, ShowAgain));

    static async Task<IResult> Send(HttpContext http, ApiClient api, IFormCollection form)
    {
        if (ChosenSlot.Of(form) is not { } slot) return CommonProblems.Malformed.Because();
        var (reason, kind) = (form.Field("reason"), form.Id(KindsOfDoctor.Field));
        var booked = await api.Send<VisitView>(http, HttpMethod.Post, "/api/bookings",
            new Request(slot.Id, reason.Length == 0 ? null : reason, kind,
                int.TryParse(form.Field(FeeField), CultureInfo.InvariantCulture, out var fee) ? fee : null),
            form.Field("key"));
        // The person may have booked it a moment ago and gone back to the form.
        var own = booked.Problem is null ? booked.Value : await Own(http, api, slot);
        return booked switch
        {
            _ when own is { } visit => TypedResults.LocalRedirect(ShowVisit.Address(visit.Id)),
            // The time is still held: the page shows the field, or the new price.
            { Problem: { } wrong } when wrong.Errors is not null || wrong.Code == PriceHasChanged =>
                await ConfirmVisit.Page(http, api, new(slot, kind, reason, wrong)),
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
        ChosenSlot.Of(form) is { } slot
            ? await ConfirmVisit.Page(http, api, new(slot, form.Id(KindsOfDoctor.Field), form.Field("reason")))
            : Pages.Refuse(null);
}
