using Npgsql;

namespace Amrutam.Platform;

/// <summary>How far a reader of the event log is behind, and how many events it could not apply.</summary>
sealed record ReaderLag(string Reader, TimeSpan Behind, long Parked);

/// <summary>Signs of life of the parts that every module stands on.</summary>
sealed class Vitals(NpgsqlDataSource db, TimeProvider clock)
{
    /// <returns>How long the database takes to answer; null when it does not.</returns>
    public async Task<TimeSpan?> DatabaseLatency(CancellationToken ct)
    {
        try
        {
            var began = clock.GetTimestamp();
            await db.Statement(Ping).Value<int>(ct);
            return clock.GetElapsedTime(began);
        }
        catch (NpgsqlException)
        {
            return null;
        }
    }

    public Task<List<ReaderLag>> Readers(CancellationToken ct) => db.Statement(ReadLags).List(row =>
        new ReaderLag(row.GetString(0), TimeSpan.FromSeconds(row.GetDouble(1)), row.GetInt64(2)), ct);

    const string Ping = "select 1";

    const string ReadLags = """
        select r.name, coalesce(extract(epoch from clock_timestamp() - next.at), 0)::float8,
               (select count(*) from platform.parked_events p where p.reader = r.name)
          from platform.event_readers r
          left join lateral (
              select e.at from audit.events e where e.position > r.position order by e.position limit 1) next on true
         order by r.name
        """;
}
