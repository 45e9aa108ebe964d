using System.Text.Json;
using Amrutam.Identity.Accounts;
using Amrutam.Identity.Mail;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity.Passkeys;

/// <summary>Registers a passkey of the caller in two steps: the options for the browser, then the credential of its
/// authenticator. It needs a proven address.</summary>
static class AddPasskey
{
    sealed record Request(Guid ChallengeId, JsonElement Credential, string? Name = null);

    sealed record Present(int Passkeys, bool SessionIsLive);

    // Enough for phones, laptops and security keys; more is an error or an attack on the table.
    const int MaxPasskeys = 20;

    public static void Map(RouteGroupBuilder passkeys)
    {
        passkeys.MapPost("/options", Offer).WithSummary("Begin to register a passkey")
            .WithName("OfferPasskey")
            .WithDescription(
                "Gives the options for `navigator.credentials.create`. They hold for five minutes.")
            .WithProblems([IdentityProblems.TooManyPasskeys, IdentityProblems.EmailNotVerified,
                .. Reauthentication.Refusals]);
        passkeys.MapPost("", Handle).WithSummary("Register a passkey")
            .WithDescription("Adds the credential that the browser made to the account.")
            .WithProblems(IdentityProblems.PasskeyRefused, IdentityProblems.TooManyPasskeys);
    }

    static async Task<Results<Ok<PasskeyChallenges.Offer>, ProblemHttpResult>> Offer(Proof proof, HttpContext http,
        CurrentUser caller, Reauthentication again, UserManager<User> users, IPasskeyHandler<User> handler,
        PasskeyChallenges challenges)
    {
        var known = await again.Check(http, caller, proof);
        if (known.User is not { } user) return known.Refusal!;
        if (!user.EmailConfirmed) return IdentityProblems.EmailNotVerified.Because();
        if ((await users.GetPasskeysAsync(user)).Count >= MaxPasskeys)
            return IdentityProblems.TooManyPasskeys.Because();
        var made = await handler.MakeCreationOptionsAsync(
            new() { Id = user.Id.ToString(), Name = user.Email!, DisplayName = user.FullName ?? user.Email! }, http);
        return TypedResults.Ok(await challenges.Store(PasskeyChallenges.Add, made.CreationOptionsJson,
            made.AttestationState, user.Id));
    }

    static async Task<Results<Created<Passkey>, ProblemHttpResult>> Handle(Request request, HttpContext http,
        CurrentUser caller, UserManager<User> users, IdentityDb identity, IPasskeyHandler<User> handler,
        PasskeyChallenges challenges, Emails emails)
    {
        var fields = new RequestValidation();
        var name = fields.Name("name", request.Name, Passkey.MaxName);
        if (fields.Wrong) return fields.Problem();
        if (await challenges.Redeem(PasskeyChallenges.Add, request.ChallengeId, caller.Id) is not { } challenge
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
        Problem? problem = null;
        await identity.Change(async connection =>
        {
            await connection.Statement(LockAccount).With(user.Id).Execute();
            var present = (await connection.Statement(ReadPresent).With(user.Id).With(caller.Session)
                .One(row => new Present(row.GetInt32(0), row.GetBoolean(1))))!;
            problem = !present.SessionIsLive ? CommonProblems.NotSignedIn
                : present.Passkeys >= MaxPasskeys ? IdentityProblems.TooManyPasskeys
                : (await users.AddOrUpdatePasskeyAsync(user, made.Passkey)).Succeeded ? null
                : IdentityProblems.PasskeyRefused;
            if (problem is not null) return false;
            await connection.Append("passkeys.added", user.Id, caller.Id, caller.Role);
            await emails.PasskeyAdded(connection, user);
            return true;
        });
        return problem is not null ? problem.Because() : TypedResults.Created((string?)null, Passkey.Of(made.Passkey));
    }

    // The lock comes in a statement of its own, so that the next one sees what a password reset or another passkey
    // committed meanwhile.
    const string LockAccount = "select id from identity.users where id = $1 for update";

    const string ReadPresent = """
        select (select count(*) from identity.passkeys where user_id = $1)::int,
               exists (select from identity.sessions where id = $2 and ended_at is null)
        """;
}
