using Amrutam.Portal.Api;
using Amrutam.Portal.Parts;
using Microsoft.AspNetCore.WebUtilities;
using NodaTime;
using NodaTime.Extensions;
using NodaTime.Text;

namespace Amrutam.Portal.Finding;

/// <summary>A week as the page shows it.</summary>
/// <param name="Kind">The kind of visit to which the times fit; null if the doctor offers none.</param>
/// <param name="IsKindAsked">Whether the patient can choose another kind.</param>
/// <param name="Days">Each day with its free times, the earliest first.</param>
public sealed record DoctorWeek(DoctorView Doctor, ReaderZone Zone, LocalDate First,
    IReadOnlyList<(LocalDate Day, List<SlotView> Slots)> Days, LocalDate Today,
    KindView? Kind, bool IsKindAsked);

/// <summary>A visit that moves to the time that is chosen.</summary>
/// <param name="Address">The page of the visit; its form of the move is below it.</param>
public sealed record MovedVisit(VisitView Visit, string Address)
{
    public string Form => Address + "/move";
}

/// <summary>Shows a doctor and the free times of seven days, from the first free one, in the reader's zone.</summary>
static class ShowWeek
{
    // A week of slots of five minutes has two thousand; the page shows what the first five hundred fill.
    const int MaxPages = 5;
    const int DaysShown = 7;
    const string NeedsFirstVisit = "follow_up_needs_a_first_visit";

    /// <summary>A request of a week, from a link or after a refusal.</summary>
    /// <param name="From">The first day in the reader's zone; null for the first day with a free time.</param>
    /// <param name="Problem">The refusal that the page explains, or null.</param>
    /// <param name="Reason">The reason that the person has typed already.</param>
    /// <param name="Kind">The kind of a new visit, as the person chose it, or null.</param>
    /// <param name="Move">The visit that is to be moved, or null.</param>
    public sealed record Wish(Guid Doctor, LocalDate? From = null, ApiProblem? Problem = null, string? Reason = null,
        MovedVisit? Move = null, Guid? Kind = null);

    /// <summary>The form that holds a time.</summary>
    public const string HoldPath = "/holds";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet(FindDoctors.Path + "/{id:guid}", Handle).AllowAnybody();

    public static string Address(Guid doctor) => $"{FindDoctors.Path}/{doctor}";

    public static string Address(Guid doctor, Guid? kind, LocalDate? from) => QueryHelpers.AddQueryString(
        Address(doctor), new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            [KindsOfDoctor.Field] = kind?.ToString(), ["from"] = from is { } day ? Iso(day) : null,
        }.Where(part => part.Value is not null));

    static Task<IResult> Handle(HttpContext http, ApiClient api, TimeProvider clock, Guid id, string? from = null,
        string? kind = null) =>
        Page(http, api, clock, new(id, DayOf(from), Kind: Guid.TryParse(kind, out var chosen) ? chosen : null));

    /// <summary>The day that an address names; null if it names none.</summary>
    public static LocalDate? DayOf(string? text) =>
        LocalDatePattern.Iso.Parse(text ?? "") is { Success: true, Value: var day } ? day : null;

    /// <summary>The page of a week. If there are several kinds of visit and none was chosen, it asks for the kind. If
    /// the doctor is not listed, it is the page of the refusal.</summary>
    public static async Task<IResult> Page(HttpContext http, ApiClient api, TimeProvider clock, Wish wish)
    {
        var doctor = await api.Get<DoctorView>(http, $"/api/doctors/{wish.Doctor}");
        if (doctor.Value is null) return Pages.Refuse(doctor.Problem);
        var kinds = await KindsOfDoctor.Of(http, api, wish.Doctor);
        if (kinds.Value is null) return Pages.Refuse(kinds.Problem);
        var isAsked = wish.Move is null && kinds.Value.OfPatients.Count > 1;
        var kind = wish.Move is { } move ? kinds.Value.Find(move.Visit.VisitType?.Id) : kinds.Value.Chosen(wish.Kind);
        if (isAsked && (kind is null || wish.Problem?.Code == NeedsFirstVisit))
            return Pages.Show<KindPage>(new
            {
                Doctor = doctor.Value, Kinds = kinds.Value.OfPatients, wish.From, wish.Problem,
            }, wish.Problem);
        var fits = kind is null ? "" : $"&visit_type_id={kind.VisitTypeId}";
        var zone = Preferences.Zone(http, doctor.Value.TimeZone);
        var today = zone.At(clock.GetUtcNow().ToInstant()).Day;
        var first = wish.From is { } asked && asked >= today && asked < today.PlusYears(2) ? asked
            : await NextOpen(http, api, doctor.Value, fits) is { } next ? zone.At(next).Day : today;
        // The API counts days in the doctor's zone, which may be a day away.
        var slots = await api.GetAll<SlotView>(http, $"/api/doctors/{wish.Doctor}/slots"
            + $"?from={Iso(first.PlusDays(-1))}&to={Iso(first.PlusDays(DaysShown))}{fits}", MaxPages);
        if (slots.Value is null) return Pages.Refuse(slots.Problem);
        var byDay = slots.Value.ToLookup(slot => zone.At(slot.StartsAt).Day);
        var week = new DoctorWeek(doctor.Value, zone, first, [.. Enumerable.Range(0, DaysShown)
            .Select(n => (first.PlusDays(n), byDay[first.PlusDays(n)].ToList()))], today, kind, isAsked);
        return Pages.Show<WeekPage>(new
        {
            Week = week, wish.Problem, wish.Reason, wish.Move, Key = Guid.CreateVersion7().ToString(),
        }, wish.Problem);
    }

    /// <summary>The first free time, to which the kind of visit fits if <paramref name="fits"/> names one.</summary>
    static async Task<Instant?> NextOpen(HttpContext http, ApiClient api, DoctorView doctor, string fits)
    {
        // The directory knows the next slot whatever the kind.
        if (fits.Length == 0 || doctor.NextOpenSlotAt is null) return doctor.NextOpenSlotAt;
        var slots = await api.Get<ApiPage<SlotView>>(http, $"/api/doctors/{doctor.Id}/slots?limit=1{fits}");
        return slots.Value?.Items is [var slot, ..] ? slot.StartsAt : null;
    }

    public static string Iso(LocalDate day) => LocalDatePattern.Iso.Format(day);
}
