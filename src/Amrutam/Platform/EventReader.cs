using NodaTime;
using Npgsql;

namespace Amrutam.Platform;

/// <summary>One row of the event log. <paramref name="Details"/> is JSON.</summary>
sealed record Event(int Epoch, ulong Tx, long Position, Instant At, Guid? ActorId, string? ActorRole, string Action,
    string Entity,
    Guid? EntityId, string? Details, string? TraceId);

/// <summary>What a module does with the events of the log.</summary>
interface IReadEvents
{
    /// <summary>The name of its cursor: never changed, or it begins again.</summary>
    string Name { get; }

    /// <summary>Writes the effect of these events, in their order, on this connection, whose transaction also moves
    /// the cursor.</summary>
    /// <remarks>What it throws undoes both. An event that fails alone is tried again a few times, then
    /// parked.</remarks>
    Task Apply(NpgsqlConnection connection, IReadOnlyList<Event> events);
}

/// <summary>Hands every event of the log to <typeparamref name="TReader"/> once in effect, in an order that never
/// changes.</summary>
/// <remarks>
/// Only rows of transactions older than every running one are taken, in the order (epoch, tx, position): positions
/// commit out of order, so a cursor over them would go past a row that becomes visible later. The cursor moves in the
/// transaction of the effect, and its row's lock lets one replica read at a time. The log is looked at a few times a
/// second. Telling readers by NOTIFY was rejected: every commit that notifies queues on one lock of the whole
/// database, which bookings would pay for.
/// </remarks>
sealed partial class EventReader<TReader>(TReader reader, NpgsqlDataSource db, TimeProvider clock,
    ILogger<EventReader<TReader>> log)
    : BackgroundService where TReader : IReadEvents
{
    const int BatchSize = 500, MostTries = 5;
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250), PauseAfterFailure = TimeSpan.FromSeconds(1);
    static readonly TimeSpan PauseForOthers = TimeSpan.FromMilliseconds(5);

    /// <param name="More">It took as many events as it may at once, so there may be more.</param>
    /// <param name="Settled">Every transaction below it was settled when the pass looked; 0 when it did not come to
    /// look.</param>
    readonly record struct Pass(bool More, ulong Settled);

    sealed record Cursor(int Epoch, ulong Tx, long Position, int CurrentEpoch, ulong Settled);

    readonly SemaphoreSlim _turn = new(1);
    int _oneByOne;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await db.Statement(Begin).With(reader.Name).Execute();
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var pass = await Try(stoppingToken);
            if (pass is { More: true }) continue;
            await Task.Delay(pass is null ? PauseAfterFailure : Pause, clock, stoppingToken);
        }
    }

    /// <summary>Reads until everything that was committed before the call has had its effect.</summary>
    /// <returns>False when that takes longer than <paramref name="most"/>: a transaction from before is still open, or
    /// the log is far ahead.</returns>
    public async Task<bool> CatchUp(TimeSpan most, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        var goal = await db.Statement(NextTransaction).Value<ulong>(ct);
        while (clock.GetElapsedTime(began) < most)
        {
            var pass = await Try(ct);
            if (pass is { More: false } && pass.Value.Settled >= goal) return true;
            if (pass is not { More: true }) await Task.Delay(PauseForOthers, clock, ct);
        }
        return false;
    }

    /// <returns>Null when it failed, which is logged and tried again.</returns>
    async Task<Pass?> Try(CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            return await Read();
        }
        catch (Exception e)
        {
            LogFailure(e, reader.Name);
            return null;
        }
        finally
        {
            _turn.Release();
        }
    }

    async Task<Pass> Read()
    {
        var limit = _oneByOne > 0 ? 1 : BatchSize;
        Event? first = null;
        try
        {
            var pass = await db.InTransaction(connection => Read(connection, limit, e => first = e));
            _oneByOne = Math.Max(0, _oneByOne - 1);
            return pass;
        }
        catch (Exception e) when (first is not null && !IsTheDatabases(e))
        {
            if (limit == 1) await CountFailure(first, e);
            else _oneByOne = BatchSize;
            throw;
        }
    }

    async Task<Pass> Read(NpgsqlConnection connection, int limit, Action<Event> began)
    {
        var cursor = await connection.Statement(Take).With(reader.Name).One(row => new Cursor(
            row.GetInt32(0), row.GetFieldValue<ulong>(1), row.GetInt64(2), row.GetInt32(3),
                row.GetFieldValue<ulong>(4)));
        if (cursor is null) return new(false, 0);
        var events = await connection.Statement(ReadOn).With(cursor.Epoch).With(cursor.Tx).With(cursor.Position)
            .With(cursor.CurrentEpoch).With(cursor.Settled).With(limit).List(ReadEvent);
        if (events.Count == 0) return new(false, cursor.Settled);
        began(events[0]);
        await reader.Apply(connection, events);
        await MoveTo(connection, events[^1]);
        return new(events.Count == limit, cursor.Settled);
    }

    async Task CountFailure(Event failed, Exception because)
    {
        var parked = await db.InTransaction(async connection =>
        {
            var tries = await connection.Statement(CountTry).With(reader.Name).With(failed.Epoch).With(failed.Tx)
                .With(failed.Position).Value<int>();
            if (tries < MostTries) return false;
            await connection.Statement(Park).With(reader.Name).With(failed.Epoch).With(failed.Tx).With(failed.Position)
                .With(because.GetType().Name).Execute();
            await MoveTo(connection, failed);
            return true;
        });
        if (parked) LogParked(reader.Name, failed.Position, failed.Action);
    }

    Task<int> MoveTo(NpgsqlConnection connection, Event last) =>
        connection.Statement(Move).With(reader.Name).With(last.Epoch).With(last.Tx).With(last.Position).Execute();

    /// <summary>A failure that says nothing about the event: it will go away by itself, so it is not counted against
    /// it.</summary>
    static bool IsTheDatabases(Exception e) =>
        e is NpgsqlException { IsTransient: true } or CommitOutcomeUnknownException or OperationCanceledException;

    static Event ReadEvent(NpgsqlDataReader row) =>
        new(row.GetInt32(0), row.GetFieldValue<ulong>(1), row.GetInt64(2), row.GetInstant(3),
        row.GetGuidOrNull(4), row.GetStringOrNull(5), row.GetString(6), row.GetString(7), row.GetGuidOrNull(8), row
            .GetStringOrNull(9), row.GetStringOrNull(10));

    public override void Dispose()
    {
        _turn.Dispose();
        base.Dispose();
    }

    const string Begin = "insert into platform.event_readers (name) values ($1) on conflict do nothing";

    const string NextTransaction = "select pg_snapshot_xmax(pg_current_snapshot())";

    const string Take = """
        select epoch, tx, position, (select max(epoch) from platform.event_epochs),
             pg_snapshot_xmin(pg_current_snapshot())
          from platform.event_readers where name = $1 for update skip locked
        """;

    // Both ends are comparisons of rows, so that the index is read from the cursor to the end of what is settled and
    // no further.
    const string ReadOn = """
        select epoch, tx, position, at, actor_id, actor_role, action, entity, entity_id, details::text, trace_id
             from audit.events
         where (epoch, tx, position) > ($1, $2, $3) and (epoch, tx) < ($4, $5)
         order by epoch, tx, position limit $6
        """;

    const string Move = """
        update platform.event_readers set epoch = $2, tx = $3, position = $4, tries = 0, moved_at = now()
             where name = $1
        """;

    // Nothing is counted when another replica has gone past the event meanwhile.
    const string CountTry = """
        update platform.event_readers set tries = tries + 1
         where name = $1 and (epoch, tx, position) < ($2, $3, $4) returning tries
        """;

    const string Park =
        "insert into platform.parked_events (reader, epoch, tx, position, error) values ($1, $2, $3, $4, $5)";

    [LoggerMessage(Level = LogLevel.Warning, Message = "reader {Reader} failed and will try again")]
    partial void LogFailure(Exception exception, string reader);

    [LoggerMessage(Level = LogLevel.Error, Message = "reader {Reader} parked event {Position} ({Action})")]
    partial void LogParked(string reader, long position, string action);
}

static class EventReaders
{
    public static void AddEventReader<TReader>(this IServiceCollection services) where TReader : class, IReadEvents
    {
        services.AddSingleton<TReader>();
        services.AddSingleton<EventReader<TReader>>();
        services.AddHostedService(provider => provider.GetRequiredService<EventReader<TReader>>());
    }
}
