using System.Text.Json;
using Amrutam.Identity.Accounts;
using Amrutam.Identity.Mail;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity.Passkeys;

/// <summary>Registers a passkey for the caller: first the options for the browser, then what its authenticator
/// made.</summary>
static class AddPasskey
{
    sealed record Request(Guid ChallengeId, JsonElement Credential, string? Name = null);

    // Phones, laptops, keys in a drawer; more is a mistake or an attack on the table.
    const int MaxPasskeys = 20, MaxName = 100;

    public static void Map(RouteGroupBuilder passkeys)
    {
        passkeys.MapPost("/options", Offer).WithSummary("Begin to register a passkey")
            .WithName("OfferPasskey")
            .WithDescription(
                "Gives the options for `navigator.credentials.create`. They hold for five minutes.")
            .Produces<PasskeyChallenges.Offer>()
            .WithProblems([IdentityProblems.TooManyPasskeys, .. Reauthentication.Refusals]);
        passkeys.MapPost("", Handle).WithSummary("Register a passkey")
            .WithDescription("Adds the credential that the browser made to the account.")
            .Produces<Passkey>(201)
            .WithProblems(IdentityProblems.PasskeyRefused);
    }

    static async Task<IResult> Offer(Proof proof, HttpContext http, CurrentUser caller,
        Reauthentication again, UserManager<User> users,
        IPasskeyHandler<User> handler, PasskeyChallenges challenges)
    {
        var known = await again.Check(http, caller, proof);
        if (known.User is not { } user) return known.Refusal!;
        if ((await users.GetPasskeysAsync(user)).Count >= MaxPasskeys)
            return IdentityProblems.TooManyPasskeys.Because();
        var made = await handler.MakeCreationOptionsAsync(
            new() { Id = user.Id.ToString(), Name = user.Email!, DisplayName = user.FullName ?? user.Email! }, http);
        return TypedResults.Ok(await challenges.Keep(made.CreationOptionsJson, made.AttestationState, user.Id));
    }

    static async Task<IResult> Handle(Request request, HttpContext http, CurrentUser caller, UserManager<User> users,
        IdentityDb identity,
        IPasskeyHandler<User> handler, PasskeyChallenges challenges, Emails letters)
    {
        var fields = new RequestValidation();
        var name = fields.Text("name", request.Name, MaxName);
        if (fields.Wrong) return fields.Problem();
        if (await challenges.Take(request.ChallengeId, caller.Id) is not { } challenge
            || await users.FindByIdAsync(caller.Id.ToString()) is not { } user)
            return IdentityProblems.PasskeyRefused.Because();
        var made = await handler.PerformAttestationAsync(
            new()
            {
                HttpContext = http, CredentialJson = request.Credential.GetRawText(),
                AttestationState = challenge.State
            });
        if (!made.Succeeded || made.UserEntity.Id != user.Id.ToString())
            return IdentityProblems.PasskeyRefused.Because();
        made.Passkey.Name = name ?? "Passkey";
        await identity.Change(async connection =>
        {
            await users.AddOrUpdatePasskeyAsync(user, made.Passkey);
            await connection.Append("passkeys.added", user.Id, caller.Id, caller.Role);
            await letters.PasskeyAdded(connection, user);
        });
        return TypedResults.Json(Passkey.Of(made.Passkey), Json.Options, statusCode: 201);
    }
}
