using Amrutam.Doctors.Contracts;
using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Amrutam.Portal.Dashboard;

/// <summary>Verifies a doctor from the dashboard, with the values that wait there.</summary>
static class VerifyWaitingDoctor
{
    /// <summary>The problems' codes that the dashboard has words for.</summary>
    public static readonly string[] Refusals = ["one_doctor_per_registration", "not_found"];

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapPost(ShowDashboard.Path + "/doctors/{id:guid}/verification", Handle).RequirePortal(Allow.Admin)
        .ExcludeFromDescription();

    public static string Address(Guid doctor) => $"{ShowDashboard.Path}/doctors/{doctor}/verification";

    /// <param name="_">Unused. Binding a form makes the framework check its antiforgery token.</param>
    static async Task<RedirectHttpResult> Handle(HttpContext http, Guid id, DoctorsToVerify doctors,
        [FromForm] string? _)
    {
        var refused = await doctors.Verify(id, CurrentUser.From(http));
        return TypedResults.LocalRedirect(refused?.Code() is { } code
            ? $"{ShowDashboard.Path}?refused={code}"
            : ShowDashboard.Path + "#verify");
    }
}
