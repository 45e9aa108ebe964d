using Amrutam.Platform.Http;
using Amrutam.Portal.Parts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Portal.Home;

/// <summary>Shows a visitor what this server is. Sends a signed-in person to the first page of their role.</summary>
static class ShowHome
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet(PageAccess.Home, Handle).AllowAnybody();

    static IResult Handle(HttpContext http) =>
        CurrentUser.Of(http) is { } user ? TypedResults.LocalRedirect(PageAccess.FirstPageOf(user.Role))
            : new RazorComponentResult<HomePage>();
}
