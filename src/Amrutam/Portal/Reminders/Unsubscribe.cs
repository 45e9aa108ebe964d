using Amrutam.Notifications.Contracts;
using Amrutam.Portal.Parts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Portal.Reminders;

/// <summary>Turns reminders off for the owner of a link, without sign-in.</summary>
/// <remarks>Opening the link only shows a form, because mail scanners open links. A mail program sends the form by
/// itself (RFC 8058) and has no cookie, so the link's token is the only proof.</remarks>
static class Unsubscribe
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Unsubscription.Page, (Unsubscription links, string token) =>
            Show(links.Find(token) is not null, isDone: false)).AllowAnybody();
        routes.MapPost(Unsubscription.Page, Act).AllowAnybody();
    }

    static async Task<IResult> Act(Unsubscription links, string token)
    {
        if (links.Find(token) is not { } account) return Show(isKnown: false, isDone: false);
        await links.TurnOff(account);
        return Show(isKnown: true, isDone: true);
    }

    static RazorComponentResult<UnsubscribePage> Show(bool isKnown, bool isDone) =>
        new(new { IsKnown = isKnown, IsDone = isDone })
        {
            StatusCode = isKnown ? StatusCodes.Status200OK : StatusCodes.Status404NotFound,
        };
}
