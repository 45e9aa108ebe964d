using Amrutam.Platform;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity;

/// <summary>Shows the caller's own account.</summary>
static class ShowMe
{
    public static void Map(RouteGroupBuilder me) =>
        me.MapGet("", Handle).WithSummary("Your account").Produces<Account>();

    static async Task<IResult> Handle(CurrentUser caller, UserManager<User> users) =>
        await users.FindByIdAsync(caller.Id.ToString()) is { } user ? TypedResults.Ok(Account.Of(user))
            : Problems.NotFound();
}
