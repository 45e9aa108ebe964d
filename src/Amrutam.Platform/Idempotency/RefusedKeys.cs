using System.Diagnostics.Metrics;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Npgsql;

namespace Amrutam.Platform.Idempotency;

/// <summary>Stores the 404s and 409s of keyed requests that were refused outside an
/// <see cref="IdempotentTransaction"/>.</summary>
/// <remarks>
/// A refusal changed nothing, so it is stored after the fact and many at a time, and no winner waits for it. When the
/// key has a response by then, because its twin was faster, the caller gets that response.
/// </remarks>
sealed class RefusedKeys : IAsyncDisposable
{
    const int Size = 128, Capacity = 16_384;
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    readonly NpgsqlDataSource _db;
    readonly Batch<Refused, StoredResponse> _batch;

    sealed record Refused(Guid User, IdempotencyKey Key, byte[] Fingerprint, StoredResponse Response);

    public RefusedKeys(NpgsqlDataSource db, IMeterFactory meters, TimeProvider clock)
    {
        _db = db;
        _batch = new("refused keys", Run, Size, besides: 0, slow: Deadline, Capacity, Deadline,
            e => e is NpgsqlException, meters, clock);
    }

    /// <returns>The response that the key stands for from now on.</returns>
    public Task<StoredResponse> Store(Guid user, IdempotencyKey key, byte[] fingerprint, StoredResponse response) =>
        _batch.Run(new(user, key, fingerprint, response));

    async Task<StoredResponse[]> Run(IReadOnlyList<Refused> refused)
    {
        var (users, scopes) = (refused.Select(r => r.User).ToArray(), refused.Select(r => r.Key.Scope).ToArray());
        var (keys, fingerprints) =
            (refused.Select(r => r.Key.Value!).ToArray(), refused.Select(r => r.Fingerprint).ToArray());
        await _db.Statement(StoreAll).With(users).With(scopes).With(keys).With(fingerprints)
            .With(refused.Select(r => r.Response.Status).ToArray())
            .With(refused.Select(r => r.Response.Body).ToArray()).Execute();
        // A statement of its own: a conflicting row of another transaction is not in the first one's snapshot.
        var stored = await _db.Statement(ReadAll).With(users).With(scopes).With(keys).With(fingerprints)
            .List(row => (N: row.GetInt32(0), Verdict: row.GetString(1),
                Response: new StoredResponse(row.GetInt32(2), row.GetFieldValue<byte[]>(3), row.GetStringOrNull(4))));
        var responses = refused.Select(r => r.Response).ToArray();
        foreach (var (n, verdict, response) in stored)
            if (verdict != IdempotencyKey.Replayed)
                responses[n - 1] = StoredResponse.Of(IdempotencyProblems.KeyReused.Because());
            else if (!response.Body.AsSpan().SequenceEqual(refused[n - 1].Response.Body))
                responses[n - 1] = response with { Replayed = true };
        return responses;
    }

    public ValueTask DisposeAsync() => _batch.DisposeAsync();

    const string StoreAll = """
        insert into platform.idempotency_keys (user_id, route, key, fingerprint, status, body)
        select user_id, route, key, fingerprint, status, convert_from(body, 'UTF8')
          from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::int[], $6::bytea[])
            as refused (user_id, route, key, fingerprint, status, body) order by 1, 2, 3
        on conflict do nothing
        """;

    const string ReadAll = """
        select a.n::int, k.verdict, k.status, k.body, k.location
          from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[])
               with ordinality as a (user_id, route, key, fingerprint, n)
         cross join lateral platform.stored_response(a.user_id, a.route, a.key, a.fingerprint) k
        """;
}
