using System.Globalization;
using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http;
using Amrutam.Platform.Privacy;
using Amrutam.Portal.Parts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Portal.Dashboard;

/// <summary>Shows an admin the figures and the health of the clinic.</summary>
static class ShowDashboard
{
    public const string Path = PageAccess.AdminPage;

    /// <summary>The periods to choose from, in days. The first is the default.</summary>
    public static readonly int[] Periods = [28, 7, 90];

    /// <summary>The page names doctors who wait for verification, so its display is recorded.</summary>
    public const string Reads = "profiles.read";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet(Path, Handle).RequirePortal(Allow.Admin)
        .WithMetadata(new RecordsAccess(Reads)).ExcludeFromDescription();

    static RazorComponentResult<DashboardPage> Handle(string? days, string? refused) =>
        new(new { Days = Period(days), Refused = VerifyWaitingDoctor.Refusals.FirstOrDefault(r => r == refused) });

    public static int Period(string? days) =>
        Periods.FirstOrDefault(period => days == period.ToString(CultureInfo.InvariantCulture), Periods[0]);
}
