using Amrutam.Audit.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Platform.EventLog;
using Amrutam.Platform.Jobs;
using Amrutam.Platform.Telemetry;
using NodaTime;
using Npgsql;

namespace Amrutam.Audit.Sealing;

/// <summary>Seals the finished part of the event log, and publishes each seal outside the database.</summary>
/// <remarks>
/// Sealing uses no trigger and no lock of writers. A range is finished when no event can be added to it
/// (<see cref="EventLogWatermark"/>), so an open writer only delays the seals of later events. One replica seals at a
/// time, by an advisory lock that ends with its transaction. Each replica publishes the seals that its own folder
/// lacks. A seal is one insert and a file appears whole, so after a crash between two steps the next pass continues
/// the chain.
/// </remarks>
sealed partial class SealLog(NpgsqlDataSource db, EventLogWatermark horizon, LogKeys keys, SealState state,
    AuditSettings settings, TimeProvider clock, ILogger<SealLog> log, Checkpoints? folder = null) : IJob
{
    // The events of one seal: a proof's path stays short, and a pass takes a fraction of a second.
    const int MostEvents = 10_000;

    // The seals that one pass publishes; a new folder is filled over many passes.
    const int MostPublished = 20;

    // Any constant will do, as long as every replica has the same one and other jobs have others.
    const long OneReplica = 0x5345414C;

    sealed record Turn(DateTime Now);

    readonly EventText _text = new();
    long? _published;

    string IJob.Name => "seal_log";

    public TimeSpan Every => TimeSpan.FromSeconds(settings.SealSeconds);

    public async Task<TimeSpan> RunOnce(CancellationToken stopping) => await Pass(stopping) ? TimeSpan.Zero : Every;

    /// <summary>Seals one range if this replica holds the lock, publishes seals, and updates the state.</summary>
    /// <returns>True when it reached a limit of one pass, so that there may be more.</returns>
    public async Task<bool> Pass(CancellationToken ct)
    {
        var settled = (await horizon.Read(ct)).Settled;
        var events = await db.InTransaction(connection => Seal(connection, settled));
        var published = folder is null ? 0 : await Publish(folder, ct);
        await Look(ct);
        return events == MostEvents || published == MostPublished;
    }

    /// <remarks>It is read from the database, because this replica's last pass may have failed at the key.</remarks>
    public static async Task<IEnumerable<GaugeReading>> ReadAge(IServiceProvider services, CancellationToken ct) =>
        [new(await services.GetRequiredService<NpgsqlDataSource>().Statement(Age).Value<double>(ct))];

    /// <remarks>It is about this server's own folder. Until the folder could be read, it counts as empty.</remarks>
    public static async Task<IEnumerable<GaugeReading>> ReadUnpublishedAge(IServiceProvider services,
        CancellationToken ct) => [new(await services.GetRequiredService<NpgsqlDataSource>().Statement(UnpublishedAge)
            .With(services.GetRequiredService<SealState>().Last?.Published ?? 0).Value<double>(ct))];

    async Task<int> Seal(NpgsqlConnection connection, long settled)
    {
        var turn = await connection.Statement(TakeTurn).With(OneReplica)
            .One(row => new Turn(row.GetDateTime(0)));
        if (turn is null) return 0;
        var last = await connection.Statement(ReadLast).One(Sealing.Seal.Read);
        var events = await connection.Statement(ReadFinished).With(last?.Through ?? 0).With(settled)
            .With(MostEvents).List(_text.Hash);
        if (events.Count == 0) return 0;
        await Add(connection, await Next(connection, last, events, turn.Now));
        return events.Count;
    }

    async Task<Seal> Next(NpgsqlConnection connection, Seal? last, List<SealedEvent> events, DateTime now)
    {
        var leaves = new byte[events.Count * MerkleTree.HashBytes];
        for (var i = 0; i < events.Count; i++) events[i].Leaf.CopyTo(leaves, i * MerkleTree.HashBytes);
        var (kid, sign) = await keys.Newest(connection);
        var next = new Seal((last?.Number ?? 0) + 1, last?.Through ?? 0, events[^1].Position, events.Count,
            last is null ? 0 : last.EventsBefore + last.Events, MerkleTree.Root(leaves),
            last?.Hash() ?? Sealing.Seal.NoPrevious, now, kid, [], leaves, [.. events.Select(e => e.Position)]);
        return next with { Signature = sign(next.Text) };
    }

    static Task<int> Add(NpgsqlConnection connection, Seal seal) =>
        connection.Statement(Insert).With(seal.Number).With(seal.Through).With(seal.Events).With(seal.EventsBefore)
            .With(seal.Root).With(seal.Previous).With(seal.SealedAt).With(seal.Kid).With(seal.Signature)
            .With(seal.Leaves).With(seal.Positions).Execute();

    async Task<int> Publish(Checkpoints to, CancellationToken ct)
    {
        try
        {
            _published ??= to.Newest();
            var behind = await db.Statement(ReadUnpublished).With(_published.Value).With(MostPublished)
                .List(Sealing.Seal.Read, ct);
            // A file is never taken back, so a failover must not lose its seal.
            if (behind.Count > 0) await db.AwaitStandby();
            // This runs after the seals, because a key is stored before its first signature.
            var published = (await LogKeys.Published(db, ct)).ToDictionary(k => k.Kid, k => k.Spki);
            foreach (var seal in behind)
            {
                if (!to.Write(seal, published[seal.Kid])) LogOtherCheckpoint(seal.Number);
                _published = seal.Number;
            }
            return behind.Count;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            LogUnpublished(e);
            return 0;
        }
    }

    async Task Look(CancellationToken ct)
    {
        var now = Instant.FromDateTimeOffset(clock.GetUtcNow());
        var sight = await db.Statement(ReadSight).One(row => new SealState.Sight(row.GetInt64(0), row.GetInt64(1),
            row.GetInt64(2), row.GetInstantOrNull(3), row.GetInstantOrNull(4), _published, now), ct);
        state.See(sight!);
    }

    const string TakeTurn = "select clock_timestamp() where pg_try_advisory_xact_lock($1)";

    const string ReadLast =
        $"select {Sealing.Seal.ColumnsWithoutLists} from {Sealing.Seal.From} order by s.number desc limit 1";

    const string ReadFinished = $"""
        select {EventText.Columns} from audit.events
         where position > $1 and position <= $2 order by position limit $3
        """;

    const string Insert = """
        insert into audit.seals (number, position, events, events_before, root, previous, sealed_at, kid, signature,
               leaves, positions)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """;

    const string ReadUnpublished =
        $"select {Sealing.Seal.Columns} from {Sealing.Seal.From} where s.number > $1 order by s.number limit $2";

    const string ReadSight = """
        select coalesce(last.number, 0), coalesce(last.events_before + last.events, 0), coalesce(last.position, 0),
               last.sealed_at, waiting.at
          from (values (1)) one
          left join lateral (select * from audit.seals order by number desc limit 1) last on true
          left join lateral (
              select e.at from audit.events e where e.position > coalesce(last.position, 0)
               order by e.position limit 1) waiting on true
        """;

    /// <summary>Seconds that the oldest event has waited for its seal; 0 when none waits.</summary>
    public const string Age = """
        select coalesce((select greatest(extract(epoch from clock_timestamp() - at), 0)::float8 from audit.events
                          where position > coalesce((select position from audit.seals order by number desc limit 1), 0)
                          order by position limit 1), 0)
        """;

    const string UnpublishedAge = """
        select greatest(0, extract(epoch from clock_timestamp() - (
                   select sealed_at from audit.seals where number > $1 order by number limit 1)))::float8
        """;

    [LoggerMessage(Level = LogLevel.Error, Message = "seals were not published to the checkpoint folder and "
        + "will be tried again; check that the folder is writable")]
    partial void LogUnpublished(Exception exception);

    [LoggerMessage(Level = LogLevel.Critical,
        Message = "the checkpoint folder has a different seal {Seal}: the log was changed or restored, or the folder "
            + "is another log's; see LogChanged in docs/operations.md")]
    partial void LogOtherCheckpoint(long seal);
}
