using Amrutam.Audit.Sealing;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Audit.Reading;

/// <summary>Returns whether the event log matches its seals, and the first event that does not.</summary>
/// <remarks>
/// A request compares the newest 20,000 events with their seals. <see cref="CheckLog"/> does so each minute, and
/// compares older events within the day; the response includes its result. <c>audit verify</c> reads the whole log at
/// once. One request at a time runs the comparison, and its result serves the requests of the next second.
/// </remarks>
sealed class ReadVerification(NpgsqlDataSource db, VerifyLog verify, TimeProvider clock) : IDisposable
{
    const int MostUnsealedCounted = 10_000;

    static readonly Duration Fresh = Duration.FromSeconds(1);

    public sealed record Response(string State, FirstBroken? FirstBroken, long Seals, long SealedEvents,
        long? SealedThrough, Instant? LastSealedAt, int UnsealedEvents, Instant? OldestUnsealedAt, long CheckedNow,
        FullCheck? LastFullCheck, Instant CheckedAt);

    /// <summary>The first event that does not match its seal.</summary>
    [SchemaName("FirstBroken")]
    public sealed record FirstBroken(long Seal, long? Position, string Because);

    /// <summary>The last time that the whole log was compared.</summary>
    [SchemaName("FullCheck")]
    public sealed record FullCheck(Instant FinishedAt, long Seals);

    sealed record Chain(long Seals, long Events, long Position, Instant? SealedAt, int Unsealed,
        Instant? OldestUnsealedAt, FullCheck? Full, SealViolation? Found);

    readonly SemaphoreSlim _one = new(1);
    Response? _last;

    public static void Map(RouteGroupBuilder admin) => admin.MapGet("/audit/verification",
            async Task<Ok<Response>> (ReadVerification read, CancellationToken ct) =>
                TypedResults.Ok(await read.Answer(ct)))
        .WithSummary("Check the event log against its seals")
        .WithDescription(
            "Compares the newest 20,000 events with their seals now. Also gives the results of the check of each "
            + "minute, of as many events, and of the daily check of the whole log. "
            + "`state` is `valid` or `broken`; `first_broken` names the first event that does not match its seal.");

    async Task<Response> Answer(CancellationToken ct)
    {
        await _one.WaitAsync(ct);
        try
        {
            var now = Instant.FromDateTimeOffset(clock.GetUtcNow());
            return _last is { } last && now - last.CheckedAt < Fresh ? last : _last = await Check(now, ct);
        }
        finally
        {
            _one.Release();
        }
    }

    async Task<Response> Check(Instant now, CancellationToken ct)
    {
        var chain = await db.Statement(ReadChain).With(MostUnsealedCounted).One(Read, ct);
        var (from, end) = await verify.Newest(ct);
        // The earlier of two violations is the first.
        var violation = new[] { chain!.Found, end.Violation }.OfType<SealViolation>().MinBy(b => b.Seal);
        return new(violation is null ? "valid" : "broken",
            violation is null ? null : new(violation.Seal, violation.Position, violation.Because),
            chain.Seals, chain.Events,
            chain.Seals > 0 ? chain.Position : null, chain.SealedAt, chain.Unsealed, chain.OldestUnsealedAt,
            end.Reached.Events - from.Events, chain.Full, now);
    }

    static Chain Read(NpgsqlDataReader row) => new(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2),
        row.GetInstantOrNull(3), row.GetInt32(4), row.GetInstantOrNull(5),
        row.GetInstantOrNull(6) is { } finished ? new(finished, row.GetInt64(7)) : null,
        row.IsDBNull(8) ? null : new(row.GetInt64(8), row.IsDBNull(9) ? null : row.GetInt64(9), row.GetString(10)));

    public void Dispose() => _one.Dispose();

    const string ReadChain = """
        with last as (
            select number, position, sealed_at, events_before + events as total
              from audit.seals order by number desc limit 1),
        unsealed as (
            select at from audit.events where position > coalesce((select position from last), 0)
             order by position limit $1)
        select coalesce(l.number, 0), coalesce(l.total, 0), coalesce(l.position, 0), l.sealed_at,
               (select count(*) from unsealed)::int, (select min(at) from unsealed),
               v.finished_at, v.finished_seals, v.broken_seal, v.broken_position, v.broken_because
          from audit.verification v left join last l on true
        """;
}
