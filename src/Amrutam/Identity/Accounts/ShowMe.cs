using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity.Accounts;

/// <summary>Shows the caller's own account.</summary>
static class ShowMe
{
    public static void Map(RouteGroupBuilder me) =>
        me.MapGet("", Handle).WithSummary("Read your account")
            .WithDescription("The account of the access token.");

    static async Task<Results<Ok<Account>, ProblemHttpResult>> Handle(CurrentUser caller, UserManager<User> users) =>
        await users.FindByIdAsync(caller.Id.ToString()) is { } user ? TypedResults.Ok(Account.Of(user))
            : CommonProblems.NotFound();
}
