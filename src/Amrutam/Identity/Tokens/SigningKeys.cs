using System.Security.Cryptography;
using Amrutam.Identity.Encryption;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Microsoft.IdentityModel.Tokens;
using Npgsql;

namespace Amrutam.Identity.Tokens;

/// <summary>The keys that sign access tokens. They are encrypted in the database and replaced on a schedule.</summary>
/// <remarks> A key is published before it signs and stays published until the last token that it signed has expired. So
/// no valid token meets a replica that does not know its key. A lost row is not a revocation: replicas go on with the
/// keys in their memory. </remarks>
sealed class SigningKeys(NpgsqlDataSource db, SecretEncryption encryption, TimeProvider clock,
    IdentitySettings settings) : IDisposable
{
    public sealed record Key(string Kid, ECDsaSecurityKey Security, DateTimeOffset ActivatesAt,
        DateTimeOffset? RetiresAt);

    sealed record Stored(string Kid, byte[] Ciphertext, double ActivatesIn, double? RetiresIn);

    // Longer than a replica needs to load a new key after the notification or by polling.
    public static readonly TimeSpan Lead = TimeSpan.FromSeconds(30);
    static readonly TimeSpan LeastBetweenReloads = TimeSpan.FromSeconds(1);
    readonly SemaphoreSlim _loading = new(1);
    volatile Key[] _keys = [];
    long _loadedAt;

    public IReadOnlyList<Key> Published => _keys;

    /// <summary>The newest key that may sign now.</summary>
    public Key Signing
    {
        get
        {
            var now = clock.GetUtcNow();
            return _keys.Where(k => k.ActivatesAt <= now).MaxBy(k => k.ActivatesAt)
                ?? throw new InvalidOperationException("no signing key is active");
        }
    }

    /// <summary>Finds a key by its id. For an unknown id it loads the keys again, at most once a second.</summary>
    public async ValueTask<SecurityKey?> Find(string kid)
    {
        if (Known(kid) is { } known) return known;
        if (clock.GetElapsedTime(Interlocked.Read(ref _loadedAt)) >= LeastBetweenReloads) await Load(
            CancellationToken.None);
        return Known(kid);
    }

    ECDsaSecurityKey? Known(string kid)
    {
        var now = clock.GetUtcNow();
        foreach (var key in _keys)
            if (key.Kid == kid && !(key.RetiresAt < now)) return key.Security;
        return null;
    }

    /// <summary>Loads the keys and creates the first or the next one when it is due.</summary>
    /// <exception cref="StartupException">A live key is encrypted with another key-encryption key.</exception>
    public async Task Refresh(CancellationToken ct)
    {
        await Load(ct);
        if (await db.Statement(NextIsDue).With(settings.SigningKeyDays).Value<bool>(ct))
            await Rotate(Lead, onSchedule: true);
    }

    /// <summary>Creates the next key. The earlier ones retire when their last token has expired.</summary>
    /// <param name="lead">The time from its publication until it signs; the first key signs at once.</param>
    /// <param name="onSchedule">True to do nothing if another replica has created it already.</param>
    public async Task Rotate(TimeSpan lead, bool onSchedule)
    {
        using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var kid = Base64UrlEncoder.Encode(new ECDsaSecurityKey(made).ComputeJwkThumbprint());
        await Load(CancellationToken.None);
        if (_keys.Length == 0) lead = TimeSpan.Zero;
        await db.InTransaction(async connection =>
        {
            await connection.Statement(LockRotation).Execute();
            if (onSchedule && !await connection.Statement(NextIsDue).With(settings.SigningKeyDays).Value<bool>())
                return 0;
            return await connection.Statement(Add).With(kid)
                .With(encryption.Encrypt(made.ExportPkcs8PrivateKey(), Purpose(kid)))
                .With(lead.TotalSeconds)
                .With((lead + Afterlife).TotalSeconds).With(CommonProblems.Trace()).Execute();
        });
        await Load(CancellationToken.None);
    }

    /// <summary>Revokes every key and creates a new one, after a key was disclosed. Every earlier access token becomes
    /// invalid.</summary>
    public async Task Revoke()
    {
        await db.Statement(RevokeAll).With(CommonProblems.Trace()).Execute();
        await Rotate(TimeSpan.Zero, onSchedule: false);
    }

    // A token's life, the tolerated skew, and time for the clocks of replicas and database to differ.
    TimeSpan Afterlife => TimeSpan.FromMinutes(settings.AccessTokenMinutes + 5);

    async Task Load(CancellationToken ct)
    {
        await _loading.WaitAsync(ct);
        try
        {
            var now = clock.GetUtcNow();
            var revoked = (await db.Statement(ReadRevoked).List(row => row.GetString(0), ct))
                .ToHashSet(StringComparer.Ordinal);
            var stored = await db.Statement(ReadLive)
                .List(row => new Stored(row.GetString(0), row.GetFieldValue<byte[]>(1), row.GetDouble(2),
                row.IsDBNull(3) ? null : row.GetDouble(3)), ct);
            var lost = _keys.Where(k => !revoked.Contains(k.Kid) && stored.TrueForAll(s => s.Kid != k.Kid)
                && !(k.RetiresAt < now))
                .Select(k => k.RetiresAt is null ? k with { RetiresAt = now + Afterlife } : k);
            _keys = [.. stored.Select(s => Decrypt(s, now)), .. lost];
            Interlocked.Exchange(ref _loadedAt, clock.GetTimestamp());
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <remarks>The database gives times relative to its own now, so a different local clock does no harm.</remarks>
    Key Decrypt(Stored stored, DateTimeOffset now) => new(stored.Kid,
        Array.Find(_keys, k => k.Kid == stored.Kid)?.Security
            ?? new ECDsaSecurityKey(Decrypt(stored)) { KeyId = stored.Kid },
        now.AddSeconds(stored.ActivatesIn), stored.RetiresIn is { } seconds ? now.AddSeconds(seconds) : null);

    ECDsa Decrypt(Stored stored)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportPkcs8PrivateKey(encryption.Decrypt(stored.Ciphertext, Purpose(stored.Kid)), out _);
            return key;
        }
        catch (CryptographicException e)
        {
            key.Dispose();
            throw new StartupException(
                "The signing keys in this database are encrypted with another key-encryption key: set it in "
                + "Identity__KeyEncryptionKey or among Identity__OtherKeyEncryptionKeys.", e);
        }
    }

    public static string Purpose(string kid) => "signing key " + kid;

    public void Dispose() => _loading.Dispose();

    const string ReadLive = """
        select kid, sealed, extract(epoch from activates_at - now())::float8,
               extract(epoch from retires_at - now())::float8
          from identity.signing_keys
         where revoked_at is null and (retires_at is null or retires_at > now())
         order by activates_at
        """;

    const string ReadRevoked = "select kid from identity.signing_keys where revoked_at is not null";

    const string NextIsDue = """
        select not exists (
            select from identity.signing_keys
             where revoked_at is null and retires_at is null and created_at > now() - $1 * interval '1 day')
        """;

    // Any constant works if every replica has the same.
    const string LockRotation = "select pg_advisory_xact_lock(4202501)";

    const string Add = """
        with replaced as (
            update identity.signing_keys set retires_at = now() + $4 * interval '1 second'
             where retires_at is null and revoked_at is null),
        added as (
            insert into identity.signing_keys (kid, sealed, activates_at)
            values ($1, $2, now() + $3 * interval '1 second') returning kid)
        insert into audit.events (actor_role, action, entity, details, trace_id)
        select 'system', 'signing_keys.rotated', 'signing_key', jsonb_build_object('kid', kid), $5 from added
        """;

    const string RevokeAll = """
        with revoked as (
            update identity.signing_keys set revoked_at = now() where revoked_at is null returning kid)
        insert into audit.events (actor_role, action, entity, details, trace_id)
        select 'system', 'signing_keys.revoked', 'signing_key', jsonb_build_object('kid', kid), $1 from revoked
        """;
}
