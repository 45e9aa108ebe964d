using System.Globalization;
using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Portal.Api;
using Amrutam.Portal.Parts;
using Amrutam.Portal.SignIn;
using NodaTime;
using NodaTime.Extensions;

namespace Amrutam.Portal.Waiting;

/// <summary>Joins the waiting list of a doctor for the next days.</summary>
static class JoinLine
{
    /// <summary>The numbers of days to choose from. The second is the default.</summary>
    public static readonly int[] Days = [7, 14, 30, 90];

    sealed record Request(Guid DoctorId, Instant From, Instant To);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(PageAccess.JoinPage, (HttpContext http, ApiClient api, Guid doctor) =>
            Page(http, api, doctor, Days[1])).RequirePortal(Allow.Patient).ExcludeFromDescription();
        routes.MapForm(ListLines.Path, new(Allow.Patient, ["doctor", "days", "key"], Send, ShowAgain));
    }

    static async Task<IResult> Send(HttpContext http, ApiClient api, IFormCollection form)
    {
        if (form.Id("doctor") is not { } doctor) return CommonProblems.Malformed.Because();
        var now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow().ToInstant();
        var days = DaysOf(form);
        var joined = await api.Send<EntryView>(http, HttpMethod.Post, "/api/waitlist",
            new Request(doctor, now, now + Duration.FromDays(days)), form.Field("key"));
        return joined.Problem is { } problem ? await Page(http, api, doctor, days, problem)
            : TypedResults.LocalRedirect(ListLines.Path);
    }

    static async Task<IResult> ShowAgain(HttpContext http, ApiClient api, IFormCollection form) =>
        form.Id("doctor") is { } doctor ? await Page(http, api, doctor, DaysOf(form)) : Pages.Refuse(null);

    static int DaysOf(IFormCollection form) => Days.FirstOrDefault(
        days => form.Field("days") == days.ToString(CultureInfo.InvariantCulture), Days[1]);

    static async Task<IResult> Page(HttpContext http, ApiClient api, Guid id, int days, ApiProblem? problem = null)
    {
        var doctor = await api.Get<DoctorView>(http, $"/api/doctors/{id}");
        return doctor.Value is null ? Pages.Refuse(doctor.Problem) : Pages.Show<JoinLinePage>(
            new { Doctor = doctor.Value, Chosen = days, Problem = problem, Key = Guid.CreateVersion7().ToString() },
            problem);
    }
}
