using Amrutam.Identity.Encryption;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Npgsql;
using OtpNet;

namespace Amrutam.Identity.SecondFactor;

/// <summary>The authenticator apps of accounts: their encrypted secrets and their last used time steps.</summary>
/// <remarks>The codes are RFC 6238's with the defaults that every app knows: SHA-1, six digits, 30 seconds.</remarks>
sealed class Authenticators(NpgsqlDataSource db, SecretEncryption encryption, TimeProvider clock)
{
    // The length of SHA-1's result, as RFC 4226 recommends.
    const int SecretBytes = 20;

    sealed record Stored(byte[] Ciphertext, bool Confirmed);

    /// <summary>Stores a new secret, which the first code confirms. It replaces an unconfirmed one.</summary>
    /// <returns>Null if the account has a confirmed one.</returns>
    public async Task<byte[]?> Enrol(CurrentUser user)
    {
        var secret = KeyGeneration.GenerateRandomKey(SecretBytes);
        var kept = await db.Statement(Keep).With(user.Id).With(encryption.Encrypt(secret, Purpose(user.Id)))
            .With(user.Role).With(user.Trace).Execute();
        return kept == 1 ? secret : null;
    }

    /// <summary>The secret that no code has confirmed yet; null if there is none.</summary>
    public async Task<byte[]?> Pending(Guid user) =>
        await Find(user) is { Confirmed: false } stored ? encryption.Decrypt(stored.Ciphertext, Purpose(user)) : null;

    /// <summary>Checks a code of the account's authenticator; each code works once.</summary>
    /// <param name="confirmed">The required state of the authenticator.</param>
    public async Task<bool> CheckCode(Guid user, string code, bool confirmed)
    {
        var stored = await Find(user);
        return stored is not null && stored.Confirmed == confirmed
            && StepOf(encryption.Decrypt(stored.Ciphertext, Purpose(user)), TypedCode.Read(code),
                clock.GetUtcNow()) is { } step
            && await db.Statement(TakeStep).With(user).With(step).Execute() == 1;
    }

    /// <returns>The time step that the code is of; null when it is of none that counts now.</returns>
    /// <remarks>One step to either side counts: a phone's clock differs, and typing takes a while.</remarks>
    public static long? StepOf(byte[] secret, string code, DateTimeOffset now) =>
        new Totp(secret).VerifyTotp(now.UtcDateTime, code, out var step, VerificationWindow.RfcSpecifiedNetworkDelay)
            ? step : null;

    Task<Stored?> Find(Guid user) => db.Statement(Read).With(user)
        .One(row => new Stored(row.GetFieldValue<byte[]>(0), row.GetBoolean(1)));

    public static Task<int> Confirm(NpgsqlConnection connection, Guid user) =>
        connection.Statement(MarkConfirmed).With(user).Execute();

    public static Task<int> Remove(NpgsqlConnection connection, Guid user) =>
        connection.Statement(Delete).With(user).Execute();

    public static string Purpose(Guid user) => "authenticator of " + user;

    const string Keep = """
        with kept as (
            insert into identity.authenticators as a (user_id, sealed) values ($1, $2)
            on conflict (user_id) do update set sealed = excluded.sealed, last_step = 0, created_at = now()
             where a.confirmed_at is null
            returning user_id)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, trace_id)
        select user_id, $3, 'second_factors.offered', 'account', user_id, $4 from kept
        """;

    const string Read = "select sealed, confirmed_at is not null from identity.authenticators where user_id = $1";

    const string TakeStep = "update identity.authenticators set last_step = $2 where user_id = $1 and last_step < $2";

    const string MarkConfirmed = """
        update identity.authenticators set confirmed_at = now() where user_id = $1 and confirmed_at is null
        """;

    const string Delete = "delete from identity.authenticators where user_id = $1";
}
