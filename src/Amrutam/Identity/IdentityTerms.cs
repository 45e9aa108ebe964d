using System.Collections.Frozen;
using Amrutam.Identity.Access;
using Amrutam.Identity.Accounts;
using Amrutam.Identity.Contracts;
using Amrutam.Identity.Passkeys;
using Amrutam.Identity.Sessions;
using Amrutam.Identity.Users;
using Amrutam.Platform.Http;
using Amrutam.Platform.OpenApi;

namespace Amrutam.Identity;

/// <summary>The words of accounts, sign-in and their administration in the API's description.</summary>
static class IdentityTerms
{
    const string Token = "The token of the link that was sent by e-mail.", Password = "lantern-meadow-42";

    static readonly Dictionary<string, Field> Fields = new(StringComparer.Ordinal)
    {
        ["email"] = new("The e-mail address. Upper and lower case are the same.", "asha@example.org")
        {
            MaxLength = EmailAddress.MaxLength, Format = "email",
        },
        ["email_verified"] = new("Whether the account's owner confirmed the address."),
        ["password"] = new("The account's password.", Password) { Format = "password" },
        ["new_password"] = new("The password from now on.", "meadow-lantern-43") { Format = "password" },
        ["totp_code"] = new("The six digits that the authenticator app shows.", "492039"),
        ["recovery_code"] = new("One of the recovery codes; each works once.", "k7qd-93mx-p2wv"),
        ["recovery_codes"] = new("Ten codes that replace the authenticator app, each once. They are shown only here."),
        ["access_token"] = new("The bearer token of API requests, a signed JWT."),
        ["token_type"] = new("Always `Bearer`.") { Words = ["Bearer"] },
        ["expires_in"] = new("Seconds until the access token expires.", 900),
        ["refresh_token"] = new("Renews the access token once. Each renewal gives the next one.", "the refresh token"),
        ["token"] = new(Token, "the token of the link"),
        ["full_name"] = new("The name that other people see.", "Asha Rao") { MaxLength = PersonName.MaxLength },
        ["role"] = new("The role of the account.", Allow.Patient) { Words = AccountRoles.All },
        ["SignUpRequest.role"] = new("The role; `patient` if not given.", Allow.Patient) { Words = AccountRoles.Open },
        ["SignUpWithPasskeyRequest.role"] = new("The role; `patient` if not given.", Allow.Patient)
        {
            Words = AccountRoles.Open,
        },
        ["InviteUserRequest.role"] = new("The role of the future account.", Allow.Doctor)
        {
            Words = AccountRoles.Invited,
        },
        ["InviteUserResponse.role"] = new("The role of the future account.", Allow.Doctor)
        {
            Words = AccountRoles.Invited,
        },
        ["invited_by"] = new("The admin who sent the invitation."),
        ["listUsers.q"] = new("A part of the name or of the e-mail address.", "asha")
        {
            MaxLength = ListUsers.MaxSearch,
        },
        ["listUsers.role"] = new("Only accounts with this role.", Allow.Patient) { Words = AccountRoles.All },
        ["listUsers.suspended"] = new("Only suspended accounts, or only the others."),
        ["suspended"] = new("Whether an admin has suspended the account."),
        ["second_factor"] = new("Whether a second factor is enrolled."),
        ["Session.second_factor"] = new("Whether the session began with a second factor."),
        ["challenge_id"] = new("The challenge that the credential answers."),
        ["credential"] = new("The credential that the browser returned, as JSON (WebAuthn)."),
        ["options"] = new("The options for `navigator.credentials`, as JSON (WebAuthn)."),
        ["name"] = new("The name of the passkey.", "My phone") { MaxLength = Passkey.MaxName },
        ["is_backed_up"] = new("Whether the authenticator keeps a copy of the passkey elsewhere."),
        ["Passkey.id"] = new("The credential id in base64url.", "AQIDBAUGBwgJCgsM"),
        ["renamePasskey.id"] = new("The credential id in base64url.", "AQIDBAUGBwgJCgsM"),
        ["removePasskey.id"] = new("The credential id in base64url.", "AQIDBAUGBwgJCgsM"),
        ["deletePasskeyDeprecated.id"] = new("The credential id in base64url.", "AQIDBAUGBwgJCgsM"),
        ["secret"] = new("The shared secret in base32, for apps that cannot scan the picture."),
        ["otpauth_uri"] = new("The secret as an `otpauth` address."),
        ["qr_png"] = new("The same address as a QR code: a PNG picture in base64."),
        ["device"] = new("The browser and system of the sign-in; null if unknown.", "Firefox on Linux"),
        ["network"] = new("The first part of the address of the sign-in; null if unknown."),
        ["kind"] = new("`api` for a client with tokens, `portal` for a browser.", SessionStore.Api)
        {
            Words = [SessionStore.Api, SessionStore.Portal],
        },
        ["current"] = new("Whether this request belongs to the session."),
        ["last_seen_at"] = new("The last use of the session, to the minute."),
        ["expires_at"] = new("The instant at which this expires."),
        ["deletion_due_at"] = new("The instant of the deletion. A sign-in before it keeps the account."),
        ["shown"] = new("How the person showed the admin who they are.", "by_video")
        {
            Words = RemoveSecondFactorOf.Ways,
        },
        ["keys"] = new("The keys; the set can contain a future key."),
        ["kty"] = new("The type of the key (RFC 7517).", "EC"),
        ["crv"] = new("The curve.", "P-256"),
        ["x"] = new("The x coordinate of the point in base64url."),
        ["y"] = new("The y coordinate of the point in base64url."),
        ["use"] = new("The purpose: signatures.", "sig"),
        ["alg"] = new("The algorithm of the signatures.", "ES256"),
        ["kid"] = new("The id of the key, as in the header of what it signed."),
    };

    public static readonly ApiTerms All = new()
    {
        Tags = new Dictionary<string, ApiTag>(StringComparer.Ordinal)
        {
            ["Accounts"] = new(1, "Start here: sign-up, sign-in, and all that belongs to the caller's own account."),
            ["Admin"] = new(12, "Accounts, doctors, events and figures, for admins."),
        }.ToFrozenDictionary(StringComparer.Ordinal),
        ExampleIds = new Dictionary<string, Guid>(StringComparer.Ordinal)
        {
            ["/api/admin/users/{id}"] = ExampleAccounts.Patient,
        },
        Fields = Fields,
        Implied = [new(IdentityProblems.EnrolmentNeeded, SecondFactorPolicy.Guards)],
    };
}
