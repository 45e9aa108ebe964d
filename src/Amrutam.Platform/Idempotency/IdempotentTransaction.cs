using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.Metadata;
using Npgsql;

namespace Amrutam.Platform.Idempotency;

/// <summary>Runs a change in one transaction, once per Idempotency-Key.</summary>
/// <remarks>
/// Two requests with one key queue on an advisory lock of that key, so the second one reads the response of the first.
/// The transaction of the change writes the key's row, so no key exists without its response. A 422 rolls back and is
/// not stored: the caller corrects the request and keeps the key.
/// </remarks>
sealed class IdempotentTransaction(NpgsqlDataSource db)
{
    // After a deadlock or a lost race the other transaction has committed, and the next attempt sees its result.
    const int Attempts = 3;

    /// <param name="change">Makes the change on the given connection. A response that is not final rolls it
    /// back.</param>
    public async Task<StoredResponse<TSuccess>> Run<TRequest, TSuccess>(CurrentUser user, IdempotencyKey key,
        TRequest request, Func<NpgsqlConnection, Task<StoredResponse<TSuccess>>> change)
        where TSuccess : IEndpointMetadataProvider
    {
        var fingerprint = key.Value is null ? [] : IdempotencyKey.Fingerprint(request);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await db.InTransaction(connection => RunOnce(connection, user, key, fingerprint,
                    async () => (await change(connection)).Response));
            }
            catch (RefusedException refused)
            {
                return refused.Response;
            }
            catch (PostgresException e) when (attempt < Attempts && IsTransient(e))
            {
            }
        }
    }

    static bool IsTransient(PostgresException e) => e.SqlState is PostgresErrorCodes.DeadlockDetected
        or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.UniqueViolation
        or PostgresErrorCodes.ExclusionViolation;

    static async Task<StoredResponse> RunOnce(NpgsqlConnection connection, CurrentUser user, IdempotencyKey key,
        byte[] fingerprint, Func<Task<StoredResponse>> change)
    {
        if (key.Value is null) return Final(await change());
        await connection.Statement(LockKey).With($"{user.Id} {key.Scope} {key.Value}").Execute();
        if (await connection.Statement(Replay).With(user.Id).With(key.Scope).With(key.Value).With(fingerprint)
            .One(ReadStored) is { } stored)
            return stored.Replayed ? stored : throw new RefusedException(stored);
        var response = Final(await change());
        await connection.Statement(Store).With(user.Id).With(key.Scope).With(key.Value).With(fingerprint)
            .With(response.Status).With(response.Body).With(response.Location).Execute();
        return response;
    }

    /// <summary>The stored response; or the problem, when the key was used for another request.</summary>
    static StoredResponse ReadStored(NpgsqlDataReader row) => row.GetString(0) == IdempotencyKey.Replayed
        ? new(row.GetInt32(1), row.GetFieldValue<byte[]>(2), row.GetStringOrNull(3), Replayed: true)
        : StoredResponse.Of(IdempotencyProblems.KeyReused.Because());

    /// <exception cref="RefusedException">The response must not be stored: it rolls the transaction back.</exception>
    static StoredResponse Final(StoredResponse response) =>
        response.IsFinal ? response : throw new RefusedException(response);

    sealed class RefusedException(StoredResponse response) : Exception
    {
        public StoredResponse Response => response;
    }

    const string LockKey = "select pg_advisory_xact_lock(hashtextextended($1, 0))";

    // A replay is a committed write too, so that it waits for the standby as the first response did.
    const string Replay = """
        with stored as (select * from platform.stored_response($1, $2, $3, $4)),
        replayed as (
            update platform.idempotency_keys k set replayed_at = now()
              from stored s where k.ctid = s.address and s.verdict = 'replayed')
        select verdict, status, body, location from stored
        """;

    const string Store = """
        insert into platform.idempotency_keys (user_id, route, key, fingerprint, status, body, location)
        values ($1, $2, $3, $4, $5, convert_from($6, 'UTF8'), $7)
        """;
}
