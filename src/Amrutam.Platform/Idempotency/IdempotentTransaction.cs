using System.Globalization;
using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Platform.Idempotency;

/// <summary>A finished answer: what is sent now and, under an Idempotency-Key, again.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">JSON in UTF-8, sent byte for byte.</param>
/// <param name="Location">Where the created thing is, or null.</param>
/// <param name="Replayed">True when it was given before and nothing was done now.</param>
/// <param name="Code">The rule that refused, or null.</param>
/// <param name="RetryAfterSeconds">When asking again makes sense, or null.</param>
sealed record StoredResponse(int Status, byte[] Body, string? Location = null, bool Replayed = false,
    string? Code = null,
    int? RetryAfterSeconds = null) : IResult
{
    public static readonly StoredResponse NoContent = new(StatusCodes.Status204NoContent, []);

    public static StoredResponse Of<T>(int status, T body, string? location = null) =>
        new(status, JsonSerializer.SerializeToUtf8Bytes(body, Json.Options), location);

    public static StoredResponse Of(ProblemHttpResult problem) =>
        new(problem.StatusCode, JsonSerializer.SerializeToUtf8Bytes(problem.ProblemDetails, Json.Options),
            Code: problem.ProblemDetails.Extensions["code"] as string);

    public Task ExecuteAsync(HttpContext http)
    {
        http.Response.StatusCode = Status;
        if (Location is not null) http.Response.Headers.Location = Location;
        if (RetryAfterSeconds is { } seconds)
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        if (Replayed) http.Response.Headers[IdempotencyKey.ReplayedHeader] = "true";
        if (Body.Length == 0) return Task.CompletedTask;
        http.Response.ContentType = Status < StatusCodes.Status400BadRequest ? "application/json; charset=utf-8"
            : "application/problem+json";
        http.Response.ContentLength = Body.Length;
        return http.Response.BodyWriter.WriteAsync(Body, CancellationToken.None).AsTask();
    }
}

/// <summary>Changes the calendar in one transaction, once per Idempotency-Key.</summary>
/// <remarks>
/// Two requests with one key queue on an advisory lock of that key, so the second finds the first's stored answer. The
/// key's row is written in the transaction of the change, so there is no key without its outcome. A 422 rolls back and
/// is not stored: the caller mends the request and keeps the key.
/// </remarks>
sealed class IdempotentTransaction(NpgsqlDataSource db)
{
    // A deadlock or a lost race is tried again: by then the other side has committed and the answer is plain.
    const int Attempts = 3;

    /// <param name="route">The route with its values, so that one key may serve several bookings.</param>
    /// <param name="change">Makes the change on the given connection; what it answers with 422 is rolled back.</param>
    public async Task<IResult> Run<T>(CurrentUser user, string route, IdempotencyKey key, T request,
        Func<NpgsqlConnection, Task<StoredResponse>> change)
    {
        var fingerprint = key.Value is null ? [] : IdempotencyKey.Fingerprint(request);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await db.InTransaction(connection =>
                    Once(connection, user, route, key.Value, fingerprint, change));
            }
            catch (RefusedException refused)
            {
                return refused.Answer;
            }
            catch (PostgresException e) when (attempt < Attempts && MayGoThroughNextTime(e))
            {
            }
        }
    }

    static bool MayGoThroughNextTime(PostgresException e) => e.SqlState is PostgresErrorCodes.DeadlockDetected
        or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.UniqueViolation
        or PostgresErrorCodes.ExclusionViolation;

    static async Task<StoredResponse> Once(NpgsqlConnection connection, CurrentUser user, string route, string? key,
        byte[] fingerprint, Func<NpgsqlConnection, Task<StoredResponse>> change)
    {
        if (key is null) return Settled(await change(connection));
        await connection.Statement(LockKey).With($"{user.Id} {route} {key}").Execute();
        var stored = await connection.Statement(Replay).With(user.Id).With(route).With(key).One(row =>
            (Answer: new StoredResponse(row.GetInt32(1), row.GetFieldValue<byte[]>(2), row.GetStringOrNull(3),
                Replayed: true),
                Same: row.GetFieldValue<byte[]>(0).AsSpan().SequenceEqual(fingerprint)).ToTuple());
        if (stored is not null) return stored.Item2 ? stored.Item1
            : throw new RefusedException(StoredResponse.Of(IdempotencyProblems.KeyReused.Because()));
        var answer = Settled(await change(connection));
        await connection.Statement(Store).With(user.Id).With(route).With(key).With(fingerprint)
            .With(answer.Status).With(answer.Body).With(answer.Location).Execute();
        return answer;
    }

    /// <summary>Passes on what may be kept; a refusal to be mended by the caller leaves the transaction
    /// instead.</summary>
    static StoredResponse Settled(StoredResponse answer) =>
        answer.Status is >= 400 and not (404 or 409) ? throw new RefusedException(answer) : answer;

    sealed class RefusedException(StoredResponse answer) : Exception
    {
        public StoredResponse Answer => answer;
    }

    const string LockKey = "select pg_advisory_xact_lock(hashtextextended($1, 0))";

    // A replay is a committed write too, so that it waits for the standby like the first answer did.
    const string Replay = """
        update scheduling.idempotency_keys set replayed_at = now() where user_id = $1 and route = $2 and key = $3
        returning fingerprint, status, body, location
        """;

    const string Store = """
        insert into scheduling.idempotency_keys (user_id, route, key, fingerprint, status, body, location)
        values ($1, $2, $3, $4, $5, convert_from($6, 'UTF8'), $7)
        """;
}
