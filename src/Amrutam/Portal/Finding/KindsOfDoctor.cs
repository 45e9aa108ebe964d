using Amrutam.Portal.Api;

namespace Amrutam.Portal.Finding;

/// <summary>The kinds of visit of a doctor.</summary>
/// <param name="All">Also those that only staff book, and those that were withdrawn.</param>
sealed record KindsOfDoctor(IReadOnlyList<KindView> All)
{
    /// <summary>The field of forms and addresses that names the kind.</summary>
    public const string Field = "kind";

    /// <summary>The kinds between which a patient chooses, the doctor's default first.</summary>
    public IReadOnlyList<KindView> OfPatients { get; } =
        [.. All.Where(kind => kind is { Active: true, BookableBy: "patients" })];

    public KindView? Find(Guid? kind) => All.FirstOrDefault(k => k.VisitTypeId == kind && k.Active);

    /// <summary>The kind of a new visit; null if the patient has still to choose, or the doctor offers none.</summary>
    public KindView? Chosen(Guid? kind) => OfPatients is [var only] ? only
        : OfPatients.FirstOrDefault(k => k.VisitTypeId == kind);

    public static async Task<ApiAnswer<KindsOfDoctor>> Of(HttpContext http, ApiClient api, Guid doctor)
    {
        var kinds = await api.Get<ApiPage<KindView>>(http, $"/api/doctors/{doctor}/visit-types");
        return new(kinds.Status, kinds.Value is null ? null : new(kinds.Value.Items), kinds.Problem, null);
    }
}
