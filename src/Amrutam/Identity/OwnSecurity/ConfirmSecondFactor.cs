using Amrutam.Identity.Accounts;
using Amrutam.Identity.Mail;
using Amrutam.Identity.SecondFactor;
using Amrutam.Identity.Sessions;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity.OwnSecurity;

/// <summary>Enables the second factor after its first code shows that the app has the secret. Each later sign-in
/// requires it.</summary>
/// <remarks>Every session ends, because none began with the second factor. The new session counts as begun with
/// it.</remarks>
static class ConfirmSecondFactor
{
    sealed record Request(string TotpCode);

    sealed record Response(IReadOnlyList<string> RecoveryCodes, string AccessToken, string TokenType, int ExpiresIn,
        string RefreshToken);

    const string Tries = "second factor confirmations";

    public static void Map(RouteGroupBuilder factor) =>
        factor.MapPost("/confirmation", Handle).WithSummary("Confirm the authenticator app")
            .WithDescription(
                "Takes a code of the app, and gives recovery codes and the tokens of a new "
                + "session.")
        .Produces<Response>().WithProblems(IdentityProblems.WrongCode, CommonProblems.TooMany);

    static async Task<IResult> Handle(Request request, HttpContext http, CurrentUser caller, UserManager<User> users,
        IdentityDb identity, Authenticators authenticators, AttemptLimiter attempts, SessionStore sessions,
        Emails emails, IdentityLimits limits, FailedAttempts failed)
    {
        var wait = await attempts.CountInMinute(Tries, caller.Id.ToString(), limits.SignInFailuresPerAccount);
        if (wait > 0) return IdentityProblems.ComeBack(http, wait);
        if (!await authenticators.CheckCode(caller.Id, request.TotpCode, confirmed: false))
        {
            failed.Count(FailedAttempts.Code, caller.Id, caller.Role);
            return IdentityProblems.WrongCode.Because();
        }
        if (await users.FindByIdAsync(caller.Id.ToString()) is not { } user) return CommonProblems.NotFound();
        user.TwoFactorEnabled = true;
        string[] codes = [];
        var done = await identity.Change(async connection =>
        {
            if (await Authenticators.Confirm(connection, user.Id) == 0) return false;
            await users.UpdateAsync(user);
            codes = await RecoveryCodes.Renew(connection, user.Id);
            await connection.Append("second_factors.enrolled", user.Id, caller.Id, caller.Role);
            await emails.SecondFactorAdded(connection, user);
            await sessions.EndAll(connection, user.Id, caller, "second_factor_enrolled");
            return true;
        });
        if (!done) return IdentityProblems.WrongCode.Because();
        if (await sessions.BeginApi(http, user, secondFactor: true) is not { } begun)
            return CommonProblems.NotSignedIn.Because();
        return TypedResults.Ok(new Response(codes, begun.AccessToken, begun.TokenType, begun.ExpiresIn,
            begun.RefreshToken));
    }
}
