using Amrutam.Identity.Accounts;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.IdentityModel.Tokens;
using NodaTime;

namespace Amrutam.Identity.Passkeys;

/// <summary>A passkey in the answers to its owner.</summary>
sealed record Passkey(string Id, string Name, Instant CreatedAt, bool IsBackedUp)
{
    public const int MaxName = 100;

    public static Passkey Of(UserPasskeyInfo info) =>
        new(Base64UrlEncoder.Encode(info.CredentialId), info.Name ?? "Passkey",
            Instant.FromDateTimeOffset(info.CreatedAt), info.IsBackedUp);
}

/// <summary>Lists, names and removes the caller's passkeys.</summary>
static class OwnPasskeys
{
    [SchemaName("RenamePasskeyRequest")]
    sealed record NameRequest(string Name);

    const int MaxId = 1400;

    public static void Map(RouteGroupBuilder passkeys)
    {
        passkeys.MapGet("", List).WithSummary("List your passkeys")
            .WithName("ListPasskeys")
            .WithDescription("All passkeys of the account.");
        passkeys.MapPatch("/{id}", Rename).WithSummary("Rename a passkey")
            .WithName("RenamePasskey")
            .WithDescription("Changes the name in the list of passkeys.")
            .WithProblems(CommonProblems.Absent);
        passkeys.MapPost("/{id}/removal", Remove).WithName("RemovePasskey")
            .Replacing(passkeys.MapDelete("/{id}", Remove).WithName("DeletePasskey"))
            .WithSummary("Remove a passkey")
            .WithDescription("The last way into an account cannot be removed.")
            .WithProblems([CommonProblems.Absent, IdentityProblems.LastCredential, .. Reauthentication.Refusals]);
    }

    static async Task<Results<Ok<Page<Passkey>>, ProblemHttpResult>> List(CurrentUser caller,
        UserManager<User> users) =>
        await users.FindByIdAsync(caller.Id.ToString()) is { } user
            ? TypedResults.Ok(new Page<Passkey>([.. (await users.GetPasskeysAsync(user)).Select(Passkey.Of)], null))
            : CommonProblems.NotFound();

    static async Task<Results<Ok<Passkey>, ProblemHttpResult>> Rename(string id, NameRequest request,
        CurrentUser caller, UserManager<User> users, IdentityDb identity)
    {
        var fields = new RequestValidation();
        var name = fields.Name("name", request.Name, Passkey.MaxName, required: true);
        if (fields.Wrong) return fields.Problem();
        var (user, passkey) = await Find(id, caller, users);
        if (passkey is null) return CommonProblems.NotFound();
        passkey.Name = name;
        await identity.Change(async connection =>
        {
            await users.AddOrUpdatePasskeyAsync(user!, passkey);
            await connection.Append("passkeys.named", caller.Id, caller.Id, caller.Role);
        });
        return TypedResults.Ok(Passkey.Of(passkey));
    }

    static async Task<Results<NoContent, ProblemHttpResult>> Remove(string id, [FromBody] Proof proof, HttpContext http,
        CurrentUser caller, Reauthentication again, UserManager<User> users, IdentityDb identity)
    {
        var known = await again.Check(http, caller, proof);
        if (known.User is null) return known.Refusal!;
        var (user, passkey) = await Find(id, caller, users);
        if (passkey is null) return CommonProblems.NotFound();
        if (user!.PasswordHash is null && (await users.GetPasskeysAsync(user)).Count == 1)
            return IdentityProblems.LastCredential.Because();
        await identity.Change(async connection =>
        {
            await users.RemovePasskeyAsync(user, passkey.CredentialId);
            await connection.Append("passkeys.removed", caller.Id, caller.Id, caller.Role);
        });
        return TypedResults.NoContent();
    }

    static async Task<(User? User, UserPasskeyInfo? Passkey)> Find(string id, CurrentUser caller,
        UserManager<User> users)
    {
        if (id.Length > MaxId || !System.Buffers.Text.Base64Url.IsValid(id)) return (null, null);
        var user = await users.FindByIdAsync(caller.Id.ToString());
        return user is null ? (null, null)
            : (user, await users.GetPasskeyAsync(user, Base64UrlEncoder.DecodeBytes(id)));
    }
}
