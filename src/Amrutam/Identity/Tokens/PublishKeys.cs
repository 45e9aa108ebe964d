using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.IdentityModel.Tokens;

namespace Amrutam.Identity.Tokens;

/// <summary>Publishes the public signing keys (RFC 7517), including the next one before it signs.</summary>
static class PublishKeys
{
    [SchemaName("JsonWebKeySet")]
    sealed record Response(IReadOnlyList<PublicKey> Keys);

    [SchemaName("JsonWebKey")]
    sealed record PublicKey(string Kty, string Crv, string X, string Y, string Use, string Alg, string Kid);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/.well-known/jwks.json", Handle).AllowAnonymous()
        .WithTags("Keys").WithSummary("List the public keys of access tokens")
        .WithDescription("A JSON Web Key Set (RFC 7517). The key that signs next is in it before it signs.");

    static Ok<Response> Handle(SigningKeys keys, HttpContext http)
    {
        // Clients load the keys again for an unknown id, so this may exceed the lead time of a new key.
        http.Response.Headers.CacheControl = "public, max-age=60";
        return TypedResults.Ok(new Response([.. keys.Published.Select(key =>
        {
            var point = key.Security.ECDsa.ExportParameters(includePrivateParameters: false).Q;
            return new PublicKey("EC", "P-256", Base64UrlEncoder.Encode(point.X),
                Base64UrlEncoder.Encode(point.Y), "sig", "ES256", key.Kid);
        })]));
    }
}
