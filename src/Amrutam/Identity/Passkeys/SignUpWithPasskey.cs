using System.Text.Json;
using Amrutam.Identity.Accounts;
using Amrutam.Identity.Mail;
using Amrutam.Identity.Registration;
using Amrutam.Identity.Sessions;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity.Passkeys;

/// <summary>Creates an account whose only credential is a passkey, in two steps: the options for the browser, then the
/// credential of its authenticator.</summary>
static class SignUpWithPasskey
{
    sealed record OptionsRequest(string Email, string? FullName = null);

    sealed record Request(Guid ChallengeId, string Email, JsonElement Credential, string? Role = null,
        string? FullName = null, string? Name = null);

    const string Limit = "sign-ups of an address";

    public static void Map(RouteGroupBuilder auth)
    {
        auth.MapPost("/passkey/signup/options", Offer).WithSummary("Begin to sign up with a passkey")
            .WithName("OfferPasskeySignUp")
            .WithDescription(
                "Gives the options for `navigator.credentials.create`. They hold for five minutes.")
            .WithProblems(CommonProblems.Invalid, CommonProblems.TooMany);
        auth.MapPost("/passkey/signup", Handle).WithSummary("Sign up with a passkey")
            .WithDescription(
                "Creates an account without a password, from the credential that the browser made.")
            .WithProblems(IdentityProblems.RoleNotOpen, IdentityProblems.EmailTaken, IdentityProblems.PasskeyRefused);
    }

    static async Task<Results<Ok<PasskeyChallenges.Offer>, ProblemHttpResult>> Offer(OptionsRequest request,
        HttpContext http, IPasskeyHandler<User> handler, PasskeyChallenges challenges, AttemptLimiter attempts,
        IdentityLimits limits)
    {
        var wait = await attempts.CountInMinute(Limit, ClientAddress.Counted(http), limits.SignUpsPerAddress);
        if (wait > 0) return IdentityProblems.ComeBack(http, wait);
        var fields = new RequestValidation();
        var email = EmailAddress.Parse(request.Email);
        fields.Refuse(email is null, "email", EmailAddress.Rule);
        var name = PersonName.Parse(fields, request.FullName);
        if (fields.Wrong) return fields.Problem();
        // The authenticator stores this id, and the second step creates the account with it.
        var made = await handler.MakeCreationOptionsAsync(
            new() { Id = Guid.CreateVersion7().ToString(), Name = email!, DisplayName = name ?? email! }, http);
        return TypedResults.Ok(await challenges.Store(PasskeyChallenges.SignUp, made.CreationOptionsJson,
            made.AttestationState, user: null));
    }

    static async Task<Results<Created<Account>, ProblemHttpResult>> Handle(Request request, HttpContext http,
        UserManager<User> users, IdentityDb identity, IPasskeyHandler<User> handler, PasskeyChallenges challenges,
        Emails emails)
    {
        var fields = new RequestValidation();
        var email = EmailAddress.Parse(request.Email);
        fields.Refuse(email is null, "email", EmailAddress.Rule);
        var fullName = PersonName.Parse(fields, request.FullName);
        var name = fields.Name("name", request.Name, Passkey.MaxName);
        var role = request.Role ?? Allow.Patient;
        if (AccountRoles.IsByInvitationAlone(role)) return IdentityProblems.RoleNotOpen.Because();
        fields.OneOf("role", role, AccountRoles.Open);
        if (fields.Wrong) return fields.Problem();
        if (await challenges.Redeem(PasskeyChallenges.SignUp, request.ChallengeId, user: null) is not { } challenge)
            return IdentityProblems.PasskeyRefused.Because();
        var made = await handler.PerformAttestationAsync(
            new()
            {
                HttpContext = http, CredentialJson = request.Credential.GetRawText(),
                AttestationState = challenge.State
            });
        if (!made.Succeeded || !Guid.TryParse(made.UserEntity.Id, out var id))
            return IdentityProblems.PasskeyRefused.Because();
        if (await users.FindByEmailAsync(email!) is not null) return IdentityProblems.EmailTaken.Because();
        made.Passkey.Name = name ?? "Passkey";
        var user = new User { Id = id, Email = email, FullName = fullName, Role = role };
        return await SignUp.Add(identity, users, user, id, role, emails, async _ =>
            (await users.AddOrUpdatePasskeyAsync(user, made.Passkey)).Succeeded)
            ? TypedResults.Created((string?)null, Account.Of(user))
            : IdentityProblems.EmailTaken.Because();
    }
}
