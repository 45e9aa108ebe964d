using Amrutam.Platform.Data;
using Amrutam.Platform.Invariants;
using Amrutam.Platform.Telemetry;
using Npgsql;

namespace Amrutam.Platform.Operations;

/// <summary>The lag of a reader of the event log, and the number of events that it could not apply.</summary>
sealed record ReaderLag(string Reader, TimeSpan Behind, long Parked);

/// <summary>Probes of the parts that every module needs.</summary>
sealed class SystemProbes(NpgsqlDataSource db, TimeProvider clock)
{
    const string Reader = "amrutam.reader.name";

    public static readonly PolledGauge[] Gauges =
    [
        new("amrutam.database.up", "", "1 when the database answers, 0 when it does not", Label: null,
            async (s, ct) => [new(await s.GetRequiredService<SystemProbes>().DatabaseLatency(ct) is null ? 0 : 1)]),
        new("amrutam.clock.offset", "s", "How far this server's clock is before the database's", Label: null,
            async (s, ct) => [new((await s.GetRequiredService<SystemProbes>().ClockOffset(ct)).TotalSeconds)]),
        new("amrutam.reader.lag", "s", "Age of the oldest event that a reader has yet to apply", Reader,
            async (s, ct) => Each(await s.GetRequiredService<SystemProbes>().Readers(ct), r => r.Behind.TotalSeconds)),
        new("amrutam.reader.parked", "{event}", "Events that a reader could not apply", Reader,
            async (s, ct) => Each(await s.GetRequiredService<SystemProbes>().Readers(ct), r => r.Parked)),
        new("amrutam.invariant.broken", "{row}", "Rows that break a rule of the data", "amrutam.invariant.name",
            async (s, ct) => (await s.GetRequiredService<SweepInvariants>().Known(ct))
                .Select(r => new GaugeReading(r.Violations, r.Name))),
    ];

    /// <returns>The time that the database takes to answer; null if it does not answer.</returns>
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

    /// <returns>How far this server's clock is ahead of the database's. Half of the query's duration counts for each
    /// way.</returns>
    public async Task<TimeSpan> ClockOffset(CancellationToken ct)
    {
        var (here, began) = (clock.GetUtcNow(), clock.GetTimestamp());
        var there = await db.Statement(ReadClock).Value<DateTime>(ct);
        return here + clock.GetElapsedTime(began) / 2 - new DateTimeOffset(there);
    }

    public Task<List<ReaderLag>> Readers(CancellationToken ct) => db.Statement(ReadLags).List(row =>
        new ReaderLag(row.GetString(0), TimeSpan.FromSeconds(row.GetDouble(1)), row.GetInt64(2)), ct);

    static IEnumerable<GaugeReading> Each(List<ReaderLag> readers, Func<ReaderLag, double> value) =>
        readers.Select(reader => new GaugeReading(value(reader), reader.Reader));

    const string Ping = "select 1";

    const string ReadClock = "select clock_timestamp()";

    const string ReadLags = """
        select r.name, coalesce(extract(epoch from clock_timestamp() - next.at), 0)::float8,
               (select count(*) from platform.parked_events p where p.reader = r.name)
          from platform.event_readers r
          left join lateral (
              select e.at from audit.events e where e.position > r.position order by e.position limit 1) next on true
         order by r.name
        """;
}
