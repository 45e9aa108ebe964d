using System.Text.Json;
using Amrutam.Identity.Accounts;
using Amrutam.Identity.Sessions;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity.Passkeys;

/// <summary>Begins a session with a passkey alone. The authenticator names the account and proves that its owner
/// unlocked it.</summary>
/// <remarks>The possession of the device and the unlocking are two factors, so the session counts as begun with a
/// second factor.</remarks>
static class LogInWithPasskey
{
    sealed record Request(Guid ChallengeId, JsonElement Credential);

    const string PerAddress = "passkey sign-ins of an address";

    public static void Map(RouteGroupBuilder auth)
    {
        auth.MapPost("/passkey/options", Offer).WithSummary("Begin to sign in with a passkey")
            .WithName("OfferPasskeyLogIn")
            .WithDescription("Gives the options for `navigator.credentials.get`. They hold for five minutes.")
            .WithProblems(CommonProblems.TooMany);
        auth.MapPost("/passkey", Handle).WithSummary("Sign in with a passkey")
            .WithDescription("Gives tokens for the credential that the browser returned.")
            .WithProblems(IdentityProblems.InvalidPasskey);
    }

    static async Task<Results<Ok<PasskeyChallenges.Offer>, ProblemHttpResult>> Offer(HttpContext http,
        IPasskeyHandler<User> handler, PasskeyChallenges challenges, AttemptLimiter attempts, IdentityLimits limits)
    {
        var wait = await attempts.CountInMinute(PerAddress, ClientAddress.Counted(http), limits.SignInsPerAddress);
        if (wait > 0) return IdentityProblems.ComeBack(http, wait);
        var made = await handler.MakeRequestOptionsAsync(user: null, http);
        return TypedResults.Ok(await challenges.Store(PasskeyChallenges.SignIn, made.RequestOptionsJson,
            made.AssertionState, user: null));
    }

    static async Task<Results<Ok<TokenPair>, ProblemHttpResult>> Handle(Request request, HttpContext http,
        UserManager<User> users, IdentityDb identity, IPasskeyHandler<User> handler, PasskeyChallenges challenges,
        SessionStore sessions, FailedAttempts failed, SignInMeter meter)
    {
        if (await challenges.Redeem(PasskeyChallenges.SignIn, request.ChallengeId, user: null) is not { } challenge)
            return Refuse(meter, failed);
        var shown = await handler.PerformAssertionAsync(
            new()
            {
                HttpContext = http, CredentialJson = request.Credential.GetRawText(),
                AssertionState = challenge.State
            });
        if (!shown.Succeeded || shown.User is not { SuspendedAt: null, ErasedAt: null })
            return Refuse(meter, failed, shown.User?.Id);
        var isStillThere = await identity.Change(async connection =>
        {
            // A passkey that was removed meanwhile must not come back with its new counter.
            if ((await connection.Statement(LockPasskey).With(shown.Passkey.CredentialId).List(row => row.GetGuid(0)))
                .Count == 0) return false;
            // Stores the signature counter; a counter that decreases shows a copied authenticator.
            if (!(await users.AddOrUpdatePasskeyAsync(shown.User, shown.Passkey)).Succeeded) return false;
            await connection.Append("passkeys.used", shown.User.Id, shown.User.Id, shown.User.Role);
            return true;
        });
        if (!isStillThere || await sessions.BeginApi(http, shown.User, secondFactor: true) is not { } tokens)
            return Refuse(meter, failed, shown.User.Id);
        meter.Count(refusal: null);
        return TypedResults.Ok(tokens);
    }

    static ProblemHttpResult Refuse(SignInMeter meter, FailedAttempts failed, Guid? account = null)
    {
        meter.Count(IdentityProblems.InvalidPasskey);
        failed.Count(FailedAttempts.SignIn, account, FailedAttempts.Anonymous);
        return IdentityProblems.InvalidPasskey.Because();
    }

    const string LockPasskey = "select user_id from identity.passkeys where credential_id = $1 for update";
}
