using System.Security.Cryptography;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.IdentityModel.Tokens;
using Npgsql;

namespace Amrutam.Audit.Sealing;

/// <summary>Publishes the public halves of the keys that sign seals (RFC 7517), the oldest first.</summary>
/// <remarks>Apart from those of access tokens, so that neither kind of signature is ever taken for the
/// other.</remarks>
static class PublishSealKeys
{
    [SchemaName("SealKeySet")]
    public sealed record Response(IReadOnlyList<SealKey> Keys);

    [SchemaName("SealKey")]
    public sealed record SealKey(string Kty, string Crv, string X, string Y, string Use, string Alg, string Kid);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/.well-known/audit-keys.json", Handle).AllowAnonymous()
            .WithTags("Keys").WithSummary("List the public keys of the event log's seals")
            .WithDescription("A JSON Web Key Set (RFC 7517), the oldest key first.")
            .WithProblems(CommonProblems.DatabaseAway);

    static async Task<Ok<Response>> Handle(NpgsqlDataSource db, HttpContext http, CancellationToken ct)
    {
        http.Response.Headers.CacheControl = "public, max-age=60";
        return TypedResults.Ok(new Response((await LogKeys.Published(db, ct)).ConvertAll(Jwk)));
    }

    static SealKey Jwk(SealPublicKey published)
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(published.Spki, out _);
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return new("EC", "P-256", Base64UrlEncoder.Encode(point.X), Base64UrlEncoder.Encode(point.Y), "sig", "ES256",
            published.Kid);
    }
}
