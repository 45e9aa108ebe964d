using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http;
using Amrutam.Portal.Parts;
using Amrutam.Portal.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Portal.Home;

/// <summary>Shows a visitor what this server is. Sends a signed-in person to the first page of their role.</summary>
static class ShowHome
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet(PageAccess.Home, Handle).AllowAnybody();

    static async Task<IResult> Handle(HttpContext http, PortalSignIn portal)
    {
        if (CurrentUser.Of(http) is not { } user) return new RazorComponentResult<HomePage>();
        return PageAccess.FirstPageOf(user.Role) is { } first
            ? TypedResults.LocalRedirect(first)
            : await AccountPage.Of(user, portal);
    }
}
