using System.Text.Encodings.Web;
using Amrutam.Platform;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Amrutam.Identity;

/// <summary>Reads <c>Authorization: Bearer</c>; a missing or bad token is 401, a role that may not is 403, both as
/// problems.</summary>
sealed class BearerAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logs,
    UrlEncoder encoder, AccessTokens tokens)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logs, encoder)
{
    public const string SchemeName = "Bearer";
    const string Prefix = "Bearer ";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)) return AuthenticateResult.NoResult();
        return await tokens.Verify(header.AsMemory(Prefix.Length)) is { } principal
            ? AuthenticateResult.Success(new(principal, SchemeName))
            : AuthenticateResult.Fail("not valid");
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) =>
        Problems.Write(Context, Problems.NotSignedIn);

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Problems.Write(Context, Problems.RoleMayNot);
}
