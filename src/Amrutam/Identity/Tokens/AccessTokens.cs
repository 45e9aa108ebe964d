using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Amrutam.Platform.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Amrutam.Identity.Tokens;

/// <summary>Issues and checks access tokens: JWT, ES256, <c>typ=at+jwt</c>, short-lived.</summary>
/// <remarks>
/// Verified tokens are cached, because an ECDSA check costs more than a booking. The expiry, the key and the session
/// are checked each time. Two generations bound the cache: a full young generation becomes the old one, which is
/// dropped at the next change.
/// </remarks>
sealed class AccessTokens(SigningKeys keys, Revocations revocations, TimeProvider clock, IdentitySettings settings)
{
    // The cache holds many of these, so it keeps no claims that can be derived.
    sealed record Verified(CurrentUser User, DateTime ValidTo, string Kid);

    const string Issuer = "amrutam", Audience = "amrutam-api", TokenType = "at+jwt";

    // Our tokens have about 500 characters; longer ones are invalid.
    const int MaxTokenLength = 4096;
    const int MaxCached = 50_000;

    // They change what the signature covers or how the payload is read. No token of ours has them, and a check that
    // does not know them must refuse them (RFC 7515, RFC 7797).
    static readonly string[] RefusedHeaders = ["crit", "b64", "zip"];
    static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);
    readonly JsonWebTokenHandler _handler =
        new() { MapInboundClaims = false, MaximumTokenSizeInBytes = MaxTokenLength };
    volatile ConcurrentDictionary<Digest, Verified> _young = new(), _old = new();

    public TimeSpan Lifetime { get; } = TimeSpan.FromMinutes(settings.AccessTokenMinutes);

    /// <summary>The life of a token of a session that ends after <paramref name="sessionLeft"/>: a token does not
    /// outlive its session.</summary>
    public TimeSpan LifeWithin(TimeSpan sessionLeft) => sessionLeft < Lifetime ? sessionLeft : Lifetime;

    /// <param name="user">The caller that the token states.</param>
    /// <param name="life">The time until the token expires; null for the longest.</param>
    public string Issue(CurrentUser user, TimeSpan? life = null)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        var claims = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["sub"] = user.Id.ToString(), ["sid"] = user.Session.ToString(), ["role"] = user.Role,
            ["jti"] = Guid.CreateVersion7().ToString(),
        };
        if (user.SecondFactor) claims[UserIdentity.SecondFactorClaim] = true;
        return _handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer, Audience = Audience, TokenType = TokenType, IssuedAt = now, NotBefore = now,
            Expires = now + (life ?? Lifetime), Claims = claims,
            SigningCredentials = new(keys.Signing.Security, SecurityAlgorithms.EcdsaSha256),
        });
    }

    /// <returns>The caller; null if the token is not valid now.</returns>
    public async ValueTask<CurrentUser?> Verify(ReadOnlyMemory<char> token)
    {
        if (token.Length > MaxTokenLength) return null;
        var digest = Digest.Of(token.Span);
        if (!_young.TryGetValue(digest, out var verified) && !_old.TryGetValue(digest, out verified))
        {
            verified = await Check(token.ToString());
            if (verified is null) return null;
            Cache(digest, verified);
        }
        if (clock.GetUtcNow().UtcDateTime > verified.ValidTo + Skew || await keys.Find(verified.Kid) is null)
            return null;
        return await revocations.IsEnded(verified.User.Session) ? null : verified.User;
    }

    async Task<Verified?> Check(string token)
    {
        if (!_handler.CanReadToken(token) || Parse(token) is not { Kid.Length: > 0 } unproven
            || Array.Exists(RefusedHeaders, name => unproven.TryGetHeaderValue<object>(name, out _))
            || await keys.Find(unproven.Kid) is not { } key) return null;
        var result = await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = Issuer, ValidAudience = Audience, ValidTypes = [TokenType],
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256], IssuerSigningKey = key,
            TryAllIssuerSigningKeys = false, RequireSignedTokens = true, RequireExpirationTime = true,
            LifetimeValidator = (from, to, _, _) => IsNow(from, to),
        });
        if (!result.IsValid || result.SecurityToken is not JsonWebToken jwt) return null;
        return UserOf(jwt) is { } user ? new(user, jwt.ValidTo, key.KeyId) : null;
    }

    /// <returns>The caller; null if a claim that every token has is missing or malformed.</returns>
    static CurrentUser? UserOf(JsonWebToken jwt)
    {
        if (!Guid.TryParse(jwt.Subject, out var id) || !jwt.TryGetClaim("sid", out var sid)
            || !Guid.TryParse(sid.Value, out var session) || !jwt.TryGetClaim("role", out var role)
            || !Allow.Roles[Allow.SignedIn].Contains(role.Value)) return null;
        // Each token carries its own copy of one of three words.
        return new(id, string.Intern(role.Value), session, jwt.TryGetClaim(UserIdentity.SecondFactorClaim, out _));
    }

    static JsonWebToken? Parse(string token)
    {
        try
        {
            return new(token);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    bool IsNow(DateTime? from, DateTime? to)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return !(from > now + Skew) && to is { } end && now <= end + Skew;
    }

    void Cache(Digest token, Verified verified)
    {
        if (_young.Count >= MaxCached) (_old, _young) = (_young, new());
        _young[token] = verified;
    }

    /// <summary>The SHA-256 of a token: a thirtieth of its size, and a memory dump discloses no token.</summary>
    readonly record struct Digest(UInt128 High, UInt128 Low)
    {
        public static Digest Of(ReadOnlySpan<char> token)
        {
            Span<byte> text = stackalloc byte[MaxTokenLength], hash = stackalloc byte[SHA256.HashSizeInBytes];
            // A character that is not ASCII, which no token of ours has, becomes one that no token may have.
            Encoding.Latin1.GetBytes(token, text);
            SHA256.HashData(text[..token.Length], hash);
            return new(BinaryPrimitives.ReadUInt128LittleEndian(hash),
                BinaryPrimitives.ReadUInt128LittleEndian(hash[16..]));
        }
    }
}
