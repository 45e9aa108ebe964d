using System.Security.Cryptography;
using System.Text;
using Amrutam.Identity.Tokens;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using static Amrutam.Tests.Support.Waiting;

namespace Amrutam.Tests.Identity.Tokens;

/// <summary>Tokens of another issuer and changed tokens are refused.</summary>
public sealed class AccessTokenTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    readonly Dictionary<string, object> _claims = new()
    {
        ["sub"] = Guid.CreateVersion7().ToString(), ["sid"] = Guid.CreateVersion7().ToString(), ["role"] = "admin",
    };

    SigningKeys.Key Key => fixture.Server.App.Services.GetRequiredService<SigningKeys>().Signing;

    static DateTime Now => TimeProvider.System.GetUtcNow().UtcDateTime;

    SecurityTokenDescriptor Valid() => new()
    {
        Issuer = "amrutam", Audience = "amrutam-api", TokenType = "at+jwt", IssuedAt = Now, NotBefore = Now, Expires =
            Now.AddMinutes(15),
        Claims = _claims, SigningCredentials = new(Key.Security, "ES256"),
    };

    static string Make(SecurityTokenDescriptor token) =>
        new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(token);

    async Task<bool> IsAccepted(string token) =>
        await fixture.Server.App.Services.GetRequiredService<AccessTokens>().Verify(token.AsMemory()) is not null;

    async Task IsRefused(string token)
    {
        (await IsAccepted(token)).ShouldBeFalse();
        (await fixture.Server.Anonymous()
            .Send(HttpMethod.Get, "/api/me", headers: ("Authorization", "Bearer " + token))).Is(401, "not_signed_in");
    }

    [Fact]
    public async Task The_token_that_the_others_are_changed_from_is_accepted() =>
        (await IsAccepted(Make(Valid()))).ShouldBeTrue();

    [Fact]
    public async Task Another_issuer_audience_type_or_key_is_refused()
    {
        var issuer = Valid();
        issuer.Issuer = "someone";
        await IsRefused(Make(issuer));
        var audience = Valid();
        audience.Audience = "another-api";
        await IsRefused(Make(audience));
        var type = Valid();
        type.TokenType = "JWT";
        await IsRefused(Make(type));
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var key = Valid();
        key.SigningCredentials = new(new ECDsaSecurityKey(stranger) { KeyId = Key.Kid }, "ES256");
        await IsRefused(Make(key));
        var unknown = Valid();
        unknown.SigningCredentials = new(new ECDsaSecurityKey(Key.Security.ECDsa) { KeyId = "unknown" }, "ES256");
        await IsRefused(Make(unknown));
        var none = Valid();
        none.SigningCredentials = new(new ECDsaSecurityKey(Key.Security.ECDsa), "ES256");
        await IsRefused(Make(none));
    }

    [Fact]
    public async Task Expired_by_31_seconds_is_refused_and_by_25_is_not()
    {
        var late = Valid();
        late.NotBefore = late.IssuedAt = Now.AddMinutes(-16);
        late.Expires = Now.AddSeconds(-31);
        await IsRefused(Make(late));
        late.Expires = Now.AddSeconds(-25);
        (await IsAccepted(Make(late))).ShouldBeTrue();
    }

    [Theory]
    [InlineData("role", null)]
    [InlineData("role", "owner")]
    [InlineData("sid", null)]
    [InlineData("sid", "x")]
    [InlineData("sub", null)]
    [InlineData("sub", "x")]
    public async Task A_claim_that_is_missing_or_malformed_is_401_and_no_failure(string claim, string? value)
    {
        _claims.Remove(claim);
        if (value is not null) _claims[claim] = value;
        await IsRefused(Make(Valid()));
    }

    [Theory]
    [InlineData("crit", "[\"exp\"]")]
    [InlineData("b64", "false")]
    [InlineData("zip", "\"DEF\"")]
    public async Task A_header_that_changes_how_a_token_is_read_is_refused(string name, string value)
    {
        var payload = Make(Valid()).Split('.')[1];
        (await IsAccepted(Signed(""))).ShouldBeTrue();
        await IsRefused(Signed($",\"{name}\":{value}"));

        string Signed(string more)
        {
            var header = $$"""{"alg":"ES256","typ":"at+jwt","kid":"{{Key.Kid}}"{{more}}}""";
            var text = Base64UrlEncoder.Encode(header) + '.' + payload;
            return text + '.' + Base64UrlEncoder.Encode(
                Key.Security.ECDsa.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256));
        }
    }

    [Fact]
    public async Task A_token_does_not_outlive_its_session()
    {
        var person = await Person.SignUp(fixture.Server);
        await fixture.Server.Owner
            .Statement("update identity.sessions set expires_at = now() + interval '2 minutes' where user_id = $1")
            .With(person.Id).Execute();
        var tokens = (await fixture.Server.Anonymous().Post("/api/auth/refresh",
            new { refresh_token = person.RefreshToken })).Is(200);
        tokens.Body.GetProperty("expires_in").GetInt32().ShouldBeInRange(1, 120);
        new JsonWebToken(tokens["access_token"]).ValidTo.ShouldBeInRange(Now, Now.AddMinutes(2));
    }

    [Fact]
    public async Task A_token_that_is_remembered_ends_all_the_same()
    {
        var dying = Valid();
        dying.NotBefore = dying.IssuedAt = Now.AddMinutes(-16);
        dying.Expires = Now.AddSeconds(-27);
        var token = Make(dying);
        (await IsAccepted(token)).ShouldBeTrue();
        await Until(async () => !await IsAccepted(token));
        await IsRefused(token);
    }

    [Fact]
    public async Task A_token_without_an_end_or_from_the_future_is_refused()
    {
        var endless = Valid();
        endless.Expires = null;
        await IsRefused(Make(endless));
        var early = Valid();
        early.NotBefore = Now.AddSeconds(40);
        await IsRefused(Make(early));
    }

    [Fact]
    public async Task Edited_claims_are_refused()
    {
        var parts = Make(Valid()).Split('.');
        var claims = Base64UrlEncoder.Decode(parts[1]).Replace("admin", "doctor", StringComparison.Ordinal);
        await IsRefused($"{parts[0]}.{Base64UrlEncoder.Encode(claims)}.{parts[2]}");
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("nOnE")]
    public async Task No_signature_is_refused(string algorithm)
    {
        var parts = Make(Valid()).Split('.');
        var header = Base64UrlEncoder.Encode($$"""{"alg":"{{algorithm}}","typ":"at+jwt","kid":"{{Key.Kid}}"}""");
        await IsRefused($"{header}.{parts[1]}.");
        await IsRefused($"{header}.{parts[1]}.{parts[2]}");
    }

    [Fact]
    public async Task The_public_key_as_a_shared_secret_is_refused()
    {
        var parts = Make(Valid()).Split('.');
        var header = Base64UrlEncoder.Encode($$"""{"alg":"HS256","typ":"at+jwt","kid":"{{Key.Kid}}"}""");
        foreach (var secret in new[] { Key.Security.ECDsa.ExportSubjectPublicKeyInfo(),
            Encoding.ASCII.GetBytes(Key.Security.ECDsa.ExportSubjectPublicKeyInfoPem()) })
        {
            var signature = HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes($"{header}.{parts[1]}"));
            await IsRefused($"{header}.{parts[1]}.{Base64UrlEncoder.Encode(signature)}");
        }
    }

    /// <summary>The token names a key in its header, or an address of one, and is signed with that key. The server
    /// fetches nothing.</summary>
    [Fact]
    public async Task A_key_brought_along_is_not_used_and_no_address_is_asked()
    {
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var trap = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        trap.Start();
        var point = stranger.ExportParameters(false).Q;
        foreach (var (name, value) in new (string, object)[]
        {
            ("jku", $"http://{trap.LocalEndpoint}/jwks.json"), ("x5u", $"http://{trap.LocalEndpoint}/cert"),
            ("jwk", new Dictionary<string, object> { ["kty"] = "EC", ["crv"] = "P-256",
                ["x"] = Base64UrlEncoder.Encode(point.X), ["y"] = Base64UrlEncoder.Encode(point.Y) }),
        })
        {
            var token = Valid();
            token.SigningCredentials = new(new ECDsaSecurityKey(stranger) { KeyId = "theirs" }, "ES256");
            token.AdditionalHeaderClaims = new Dictionary<string, object> { [name] = value };
            await IsRefused(Make(token));
        }
        trap.Pending().ShouldBeFalse();
    }

    [Fact]
    public async Task A_token_of_a_dead_session_is_refused()
    {
        var user = await fixture.Server.User("patient");
        (await user.Http.Get("/api/me")).Is(200);
        (await user.Http.Post("/api/auth/logout")).Is(204);
        (await user.Http.Get("/api/me")).Is(401, "not_signed_in");
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("a.b.c")]
    [InlineData("....")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9.e30.")]
    public async Task Rubbish_is_refused(string token) => await IsRefused(token);

    [Fact]
    public async Task A_very_long_token_is_refused_unread() =>
        (await IsAccepted(new string('a', 5000) + ".b.c")).ShouldBeFalse();

    [Fact]
    public async Task Identity_in_a_header_is_not_believed()
    {
        var (victim, user) = (await fixture.Server.User("admin"), await fixture.Server.User("patient"));
        var reply = await user.Http.Send(HttpMethod.Get, "/api/me",
            headers: [("X-User-Id", victim.Id.ToString()), ("X-Role", "admin"), ("Cookie", "amrutam=x")]);
        reply.Is(200).Id.ShouldBe(user.Id);
    }

    [Theory]
    [InlineData("PATCH", "/api/me", "sub")]
    [InlineData("PATCH", "/api/me", "email")]
    [InlineData("POST", "/api/me/password", "email")]
    [InlineData("POST", "/api/bookings", "booked_by")]
    [InlineData("POST", "/api/waitlist", "patient_id")]
    public async Task Identity_in_a_body_is_refused(string method, string path, string member)
    {
        var (victim, user) = (await fixture.Server.User("patient"), await fixture.Server.User("patient"));
        var body = $$"""{"{{member}}": "{{victim.Id}}"}""";
        (await user.Http.Send(new(method), path, body)).Is(400, "malformed_request").Text.ShouldContain(member);
    }
}
