using System.Text.Json;
using Amrutam.Identity.Accounts;
using Amrutam.Identity.Sessions;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity.Passkeys;

/// <summary>Signs in with a passkey alone: the authenticator shows which account, and that its owner unlocked
/// it.</summary>
/// <remarks>Holding the device and unlocking it are two factors, so the session counts as begun with a second
/// one.</remarks>
static class LogInWithPasskey
{
    sealed record Request(Guid ChallengeId, JsonElement Credential);

    const string PerAddress = "passkey sign-ins of an address";

    public static void Map(RouteGroupBuilder auth)
    {
        auth.MapPost("/passkey/options", Offer).WithSummary("Begin to sign in with a passkey")
            .WithName("OfferPasskeyLogIn")
            .WithDescription("Gives the options for `navigator.credentials.get`. They hold for five minutes.")
            .Produces<PasskeyChallenges.Offer>().WithProblems(CommonProblems.TooMany);
        auth.MapPost("/passkey", Handle).WithSummary("Sign in with a passkey")
            .WithDescription("Gives tokens for the credential that the browser returned.")
            .Produces<TokenPair>()
            .WithProblems(IdentityProblems.InvalidPasskey);
    }

    static async Task<IResult> Offer(HttpContext http, IPasskeyHandler<User> handler, PasskeyChallenges challenges,
        AttemptLimiter attempts, IdentityLimits limits)
    {
        var wait = await attempts.CountInMinute(PerAddress, ClientAddress.Counted(http), limits.SignInsPerAddress);
        if (wait > 0) return IdentityProblems.ComeBack(http, wait);
        var made = await handler.MakeRequestOptionsAsync(user: null, http);
        return TypedResults.Ok(await challenges.Keep(made.RequestOptionsJson, made.AssertionState, user: null));
    }

    static async Task<IResult> Handle(Request request, HttpContext http, UserManager<User> users, IdentityDb identity,
        IPasskeyHandler<User> handler,
        PasskeyChallenges challenges, SessionStore sessions)
    {
        if (await challenges.Take(request.ChallengeId, user: null) is not { } challenge)
            return Refuse();
        var shown = await handler.PerformAssertionAsync(
            new()
            {
                HttpContext = http, CredentialJson = request.Credential.GetRawText(),
                AssertionState = challenge.State
            });
        if (!shown.Succeeded || shown.User is not { SuspendedAt: null, ErasedAt: null })
            return Refuse();
        await identity.Change(async connection =>
        {
            // The counter: an authenticator that counts backwards was copied.
            await users.AddOrUpdatePasskeyAsync(shown.User, shown.Passkey);
            await connection.Append("passkeys.used", shown.User.Id, shown.User.Id, shown.User.Role);
        });
        if (await sessions.BeginApi(http, shown.User, secondFactor: true) is not { } tokens) return Refuse();
        SignInMeter.Count(refusal: null);
        return TypedResults.Ok(tokens);
    }

    static IResult Refuse()
    {
        SignInMeter.Count(IdentityProblems.InvalidPasskey);
        return IdentityProblems.InvalidPasskey.Because();
    }
}
