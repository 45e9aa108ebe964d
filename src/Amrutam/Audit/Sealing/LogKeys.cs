using System.Security.Cryptography;
using System.Text;
using Amrutam.Identity.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Microsoft.IdentityModel.Tokens;
using Npgsql;

namespace Amrutam.Audit.Sealing;

/// <summary>The public half of a key that signs seals.</summary>
/// <param name="Kid">The SHA-256 of <paramref name="Spki"/> in base64url, so that a key cannot be put in another's
/// place.</param>
/// <param name="Spki">SubjectPublicKeyInfo (RFC 5280).</param>
sealed record SealPublicKey(string Kid, byte[] Spki)
{
    public static SealPublicKey Of(ECDsa key)
    {
        var spki = key.ExportSubjectPublicKeyInfo();
        return new(Base64UrlEncoder.Encode(SHA256.HashData(spki)), spki);
    }

    public static SealPublicKey Read(NpgsqlDataReader row) => new(row.GetString(0), row.GetFieldValue<byte[]>(1));

    public static SealPublicKey Of(Checkpoint checkpoint) => new(checkpoint.Kid, checkpoint.PublicKey);

    public bool Signed(Seal seal) => seal.Kid == Kid && Signed(seal.Text, seal.Signature);

    public bool Signed(Checkpoint checkpoint) => Signed(checkpoint.Seal, checkpoint.Signature);

    bool Signed(string text, byte[] signature)
    {
        if (Base64UrlEncoder.Encode(SHA256.HashData(Spki)) != Kid) return false;
        try
        {
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(Spki, out _);
            return key.KeySize == LogKeys.Bits
                && key.VerifyData(Encoding.UTF8.GetBytes(text), signature, HashAlgorithmName.SHA256);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}

/// <summary>The keys that sign seals: ECDSA over P-256, separate from those of access tokens, encrypted in the
/// database.</summary>
/// <remarks>The newest signs. Earlier ones stay, because their signatures are still checked.</remarks>
sealed class LogKeys(NpgsqlDataSource db, Secrets secrets)
{
    public const int Bits = 256;

    sealed record Stored(string Kid, byte[] Sealed);

    /// <summary>Signs with the newest key, and makes the first one if there is none.</summary>
    /// <remarks>The private key is decrypted for each seal, a few times a minute, and not kept.</remarks>
    /// <exception cref="CryptographicException">The key was encrypted with another key-encryption key.</exception>
    public async Task<(string Kid, Func<string, byte[]> Sign)> Newest(NpgsqlConnection connection)
    {
        var stored = await connection.Statement(ReadNewest).One(ReadStored)
            ?? await Make(connection, "seal_keys.made");
        return (stored.Kid, text =>
        {
            using var key = ECDsa.Create();
            key.ImportPkcs8PrivateKey(secrets.Decrypt(stored.Sealed, Purpose(stored.Kid)), out _);
            return key.SignData(Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256);
        }
        );
    }

    /// <summary>Signs with a new key from the next seal on.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> Rotate() =>
        (await db.InTransaction(connection => Make(connection, "seal_keys.rotated"))).Kid;

    /// <summary>All keys, the oldest first.</summary>
    public static Task<List<SealPublicKey>> Published(NpgsqlDataSource db, CancellationToken ct) =>
        db.Statement(ReadPublic).List(SealPublicKey.Read, ct);

    async Task<Stored> Make(NpgsqlConnection connection, string action)
    {
        using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var key = SealPublicKey.Of(made);
        var stored = new Stored(key.Kid, secrets.Encrypt(made.ExportPkcs8PrivateKey(), Purpose(key.Kid)));
        await connection.Statement(Add).With(key.Kid).With(key.Spki).With(stored.Sealed).With(action)
            .With(CommonProblems.Trace()).Execute();
        return stored;
    }

    static Stored ReadStored(NpgsqlDataReader row) => new(row.GetString(0), row.GetFieldValue<byte[]>(1));

    public static string Purpose(string kid) => "seal key " + kid;

    const string ReadNewest = "select kid, sealed from audit.seal_keys order by created_at desc, kid limit 1";

    const string ReadPublic = "select kid, public_key from audit.seal_keys order by created_at, kid";

    const string Add = """
        with added as (
            insert into audit.seal_keys (kid, public_key, sealed, created_at) values ($1, $2, $3, clock_timestamp())
            returning kid)
        insert into audit.events (actor_role, action, entity, details, trace_id)
        select 'system', $4, 'seal_key', jsonb_build_object('kid', kid), $5 from added
        """;
}
