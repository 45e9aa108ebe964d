using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity.Accounts;

/// <summary>Changes the caller's full name. This needs no reauthentication.</summary>
static class ChangeMe
{
    sealed record Request(string? FullName);

    const string Changed = """{"fields": ["full_name"]}""";

    public static void Map(RouteGroupBuilder me) =>
        me.MapPatch("", Handle).WithSummary("Change your name")
            .WithDescription("Changes the name that other people see; null removes it.");

    static async Task<Results<Ok<Account>, ProblemHttpResult>> Handle(Request request, CurrentUser caller,
        UserManager<User> users, IdentityDb identity)
    {
        var fields = new RequestValidation();
        var name = PersonName.Parse(fields, request.FullName);
        if (fields.Wrong) return fields.Problem();
        if (await users.FindByIdAsync(caller.Id.ToString()) is not { } user) return CommonProblems.NotFound();
        user.FullName = name;
        await identity.Change(async connection =>
        {
            await users.UpdateAsync(user);
            await connection.Append("accounts.changed", user.Id, caller.Id, caller.Role, Changed);
        });
        return TypedResults.Ok(Account.Of(user));
    }
}
