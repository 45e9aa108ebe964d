using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http;
using Amrutam.Portal.Api;
using Amrutam.Portal.Finding;
using Amrutam.Portal.Parts;

namespace Amrutam.Portal.Visits;

/// <summary>Shows a held time with a field for the reason, to book it.</summary>
/// <remarks>A hold that has ended is said, and the booking can still be tried: the time may be free.</remarks>
static class ConfirmVisit
{
    /// <param name="Kind">The kind of visit that was chosen, or null.</param>
    /// <param name="Reason">As it was typed.</param>
    /// <param name="Problem">The refusal of a field or of the price, or null.</param>
    public sealed record Draft(ChosenSlot Slot, Guid? Kind = null, string? Reason = null, ApiProblem? Problem = null);

    const string Path = "/visits/new";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet(Path, Handle).RequirePortal(Allow.Patient).ExcludeFromDescription();

    public static string Address(ChosenSlot slot, Guid? kind) =>
        $"{Path}?slot={Uri.EscapeDataString(slot.ToString())}" + (kind is null ? "" : $"&{KindsOfDoctor.Field}={kind}");

    static async Task<IResult> Handle(HttpContext http, ApiClient api, string? slot = null, string? kind = null) =>
        ChosenSlot.Parse(slot) is { } chosen
            ? await Page(http, api, new(chosen, Guid.TryParse(kind, out var id) ? id : null)) : Pages.Refuse(null);

    public static async Task<IResult> Page(HttpContext http, ApiClient api, Draft draft)
    {
        var doctor = await api.Get<DoctorView>(http, $"/api/doctors/{draft.Slot.Doctor}");
        if (doctor.Value is null) return Pages.Refuse(doctor.Problem);
        var kinds = await KindsOfDoctor.Of(http, api, draft.Slot.Doctor);
        if (kinds.Value is null) return Pages.Refuse(kinds.Problem);
        var holds = await api.GetAll<HoldView>(http, "/api/me/holds?", pages: 1);
        if (holds.Value is null) return Pages.Refuse(holds.Problem);
        return Pages.Show<ConfirmVisitPage>(new
        {
            Doctor = doctor.Value, draft.Slot, draft.Reason, draft.Problem, ChosenKind = draft.Kind,
            Kind = kinds.Value.Find(draft.Kind),
            Hold = holds.Value.Find(hold => hold.SlotId == draft.Slot.Id), Key = Guid.CreateVersion7().ToString(),
        }, draft.Problem);
    }
}
