using System.Collections.Concurrent;
using System.Security.Claims;
using System.Security.Cryptography;
using Amrutam.Platform;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Amrutam.Identity;

/// <summary>Issues and checks access tokens: JWT, ES256, <c>typ=at+jwt</c>, 15 minutes.</summary>
/// <remarks>A verified token is remembered until it expires, because checking an ECDSA signature costs more than a
/// booking.</remarks>
sealed class AccessTokens(TimeProvider clock) : IDisposable
{
    const string Issuer = "amrutam", Audience = "amrutam-api", TokenType = "at+jwt";
    const int MaxRemembered = 100_000;
    static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);
    readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };
    readonly ConcurrentDictionary<string, (ClaimsPrincipal Principal, DateTime ValidTo)> _verified =
        new(StringComparer.Ordinal);

    public TimeSpan Lifetime { get; } = TimeSpan.FromMinutes(15);

    public string Issue(CurrentUser user)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return _handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer, Audience = Audience, TokenType = TokenType, IssuedAt = now, NotBefore = now, Expires =
                now + Lifetime,
            Claims = new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["sub"] = user.Id.ToString(), ["sid"] = user.Session.ToString(), ["role"] = user.Role, ["jti"] = Guid
                    .CreateVersion7().ToString(),
            },
            SigningCredentials = new(SecurityKey(), SecurityAlgorithms.EcdsaSha256),
        });
    }

    /// <returns>Who the token speaks for; null when it is not valid now.</returns>
    public async Task<ClaimsPrincipal?> Verify(string token)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        if (_verified.TryGetValue(token, out var known)) return now <= known.ValidTo + Skew ? known.Principal : null;
        var result = await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = Issuer, ValidAudience = Audience, ValidTypes = [TokenType], ValidAlgorithms =
                [SecurityAlgorithms.EcdsaSha256],
            IssuerSigningKey = SecurityKey(), ClockSkew = Skew, RequireSignedTokens = true, RequireExpirationTime =
                true,
        });
        if (!result.IsValid || result.SecurityToken is not JsonWebToken jwt) return null;
        var user = new CurrentUser(Guid.Parse(jwt.Subject), jwt.GetClaim("role").Value, Guid
            .Parse(jwt.GetClaim("sid").Value));
        var principal = new ClaimsPrincipal(new UserIdentity(user, "Bearer"));
        if (_verified.Count >= MaxRemembered) _verified.Clear();
        _verified[token] = (principal, jwt.ValidTo);
        return principal;
    }

    ECDsaSecurityKey SecurityKey() => new(_key) { KeyId = "interim" };

    public void Dispose() => _key.Dispose();
}
