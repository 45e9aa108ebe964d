using Amrutam.Identity.Accounts;
using Amrutam.Identity.Mail;
using Amrutam.Identity.OwnSecurity;
using Amrutam.Identity.Sessions;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;

namespace Amrutam.Identity.Users;

/// <summary>Removes a lost second factor and its recovery codes after the person has shown an admin their
/// identity.</summary>
/// <remarks>
/// The admin gives their own factors again, because an open session alone must not suffice, and states how the person
/// was identified. The event records it, and the person is informed by e-mail. The password does not change, so an
/// admin cannot sign in as the person.
/// </remarks>
static class RemoveSecondFactorOf
{
    /// <param name="Shown">in_person, by_video or by_call_back.</param>
    [SchemaName("RemoveUserSecondFactorRequest")]
    sealed record Request(string Shown, string? Password = null, string? TotpCode = null, string? RecoveryCode = null);

    public static readonly string[] Ways = ["in_person", "by_video", "by_call_back"];

    public static void Map(RouteGroupBuilder users) =>
        users.MapPost("/{id:guid}/second-factor/removal", Handle).WithName("RemoveUserSecondFactor")
            .Replacing(users.MapDelete("/{id:guid}/second-factor", Handle).WithName("DeleteUserSecondFactor"))
            .WithSummary("Remove an account's lost second factor")
            .WithDescription("The admin gives their own proof, and records how the person showed who they are.")
            .WithProblems([CommonProblems.Absent, CommonProblems.Invalid, IdentityProblems.OwnAccount,
                IdentityProblems.NoSecondFactor, .. Reauthentication.Refusals]);

    static async Task<Results<NoContent, ProblemHttpResult>> Handle(Guid id, [FromBody] Request request,
        HttpContext http, CurrentUser admin, Reauthentication again, UserManager<User> users, IdentityDb identity,
        SessionStore sessions, Emails emails)
    {
        if (!Ways.Contains(request.Shown))
            return CommonProblems.Field("shown", "must be one of " + string.Join(", ", Ways));
        if (id == admin.Id) return IdentityProblems.OwnAccount.Because();
        var known = await again.Check(http, admin, new(request.Password, request.TotpCode, request.RecoveryCode));
        if (known.User is null) return known.Refusal!;
        if (await users.FindByIdAsync(id.ToString()) is not { ErasedAt: null } person) return CommonProblems.NotFound();
        if (!person.TwoFactorEnabled) return IdentityProblems.NoSecondFactor.Because();
        await identity.Change(async connection =>
        {
            await RemoveSecondFactor.Of(person, users, connection);
            var details = $$"""{"shown": "{{request.Shown}}"}""";
            await connection.Append("second_factors.removed", person.Id, admin.Id, admin.Role, details);
            await emails.SecondFactorRemovedByUs(connection, person);
            await sessions.EndAll(connection, person.Id, admin, "second_factor_removed");
        });
        return TypedResults.NoContent();
    }
}
