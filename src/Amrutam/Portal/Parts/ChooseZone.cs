using Amrutam.Platform.Http.Binding;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Portal.Parts;

/// <summary>Shows the zones to choose from.</summary>
static class ChooseZone
{
    public const string Path = "/zone";

    // The demo's and most users' zones first; each is also in the list of all.
    public static readonly string[] Often = ["Asia/Kolkata", "Asia/Dubai", "Europe/London", "America/New_York",
        "America/Los_Angeles", "Asia/Singapore", "Australia/Sydney"];

    public static IEnumerable<string> All => TimeZones.Ids.Where(id => TimeZones.Canonical(id) == id).Order();

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet(Path,
        RazorComponentResult<ChooseZonePage> (string? back = null) =>
            new(new { Back = Preferences.Ours(back) })).AllowAnybody();
}
