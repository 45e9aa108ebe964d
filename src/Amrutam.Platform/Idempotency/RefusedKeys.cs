using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Npgsql;

namespace Amrutam.Platform.Idempotency;

/// <summary>Keeps the 404s and 409s that keyed bookings were answered with.</summary>
/// <remarks>
/// A refusal changed nothing, so it may be stored after the fact and many at a time, and a winner never waits for it.
/// When the key has an answer by then (its twin was quicker) that answer is given instead.
/// </remarks>
sealed class RefusedKeys : IAsyncDisposable
{
    const int Size = 128, Capacity = 16_384;
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    readonly NpgsqlDataSource _db;
    readonly Batch<Refused, StoredResponse> _batch;

    sealed record Refused(Guid User, string Route, string Key, byte[] Fingerprint, StoredResponse Answer);

    public RefusedKeys(NpgsqlDataSource db, TimeProvider clock)
    {
        _db = db;
        _batch = new("refused keys", Run, Size, besides: 0, slow: Deadline, Capacity, Deadline,
            e => e is NpgsqlException, clock);
    }

    /// <returns>The answer that the key stands for from now on.</returns>
    public Task<StoredResponse> Keep(Guid user, string route, string key, byte[] fingerprint, StoredResponse answer) =>
        _batch.Run(new(user, route, key, fingerprint, answer));

    async Task<StoredResponse[]> Run(IReadOnlyList<Refused> refused)
    {
        await _db.Statement(Store).With(refused.Select(r => r.User).ToArray())
            .With(refused.Select(r => r.Route).ToArray()).With(refused.Select(r => r.Key).ToArray())
            .With(refused.Select(r => r.Fingerprint).ToArray()).With(refused.Select(r => r.Answer.Status).ToArray())
            .With(refused.Select(r => r.Answer.Body).ToArray()).Execute();
        // Read in a statement of its own: a conflicting row of another transaction is not in the first one's snapshot.
        var stored = await _db.Statement(Read).With(refused.Select(r => r.User).ToArray())
            .With(refused.Select(r => r.Route).ToArray()).With(refused.Select(r => r.Key).ToArray())
            .List(row => (N: row.GetInt32(0), Fingerprint: row.GetFieldValue<byte[]>(1),
                Answer: new StoredResponse(row.GetInt32(2), row.GetFieldValue<byte[]>(3), row.GetStringOrNull(4))));
        var answers = refused.Select(r => r.Answer).ToArray();
        foreach (var (n, fingerprint, answer) in stored)
        {
            var asked = refused[n - 1];
            answers[n - 1] = fingerprint.AsSpan().SequenceEqual(asked.Fingerprint)
                ? answer with { Replayed = !answer.Body.AsSpan().SequenceEqual(asked.Answer.Body) }
                : StoredResponse.Of(IdempotencyProblems.KeyReused.Because());
        }
        return answers;
    }

    public ValueTask DisposeAsync() => _batch.DisposeAsync();

    const string Store = """
        insert into scheduling.idempotency_keys (user_id, route, key, fingerprint, status, body)
        select user_id, route, key, fingerprint, status, convert_from(body, 'UTF8')
          from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::int[], $6::bytea[])
            as refused (user_id, route, key, fingerprint, status, body) order by 1, 2, 3
        on conflict do nothing
        """;

    const string Read = """
        select a.n::int, k.fingerprint, k.status, k.body, k.location
          from unnest($1::uuid[], $2::text[], $3::text[]) with ordinality as a (user_id, route, key, n)
          join scheduling.idempotency_keys k on k.user_id = a.user_id and k.route = a.route and k.key = a.key
        """;
}
