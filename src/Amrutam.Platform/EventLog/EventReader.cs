using System.Text;
using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Platform.Operations;
using Amrutam.Platform.Telemetry;
using NodaTime;
using Npgsql;

namespace Amrutam.Platform.EventLog;

/// <summary>The part of an event that readers get. <paramref name="Details"/> is JSON in UTF-8.</summary>
sealed record Event(long Position, Instant At, string Action, Guid? EntityId, byte[]? Details)
{
    /// <returns>A reader at the value of this member of the details.</returns>
    /// <exception cref="InvalidDataException">There is no such member.</exception>
    public Utf8JsonReader Detail(ReadOnlySpan<byte> name) =>
        Has(name, out var value)
            ? value : throw new InvalidDataException($"{Action} without {Encoding.UTF8.GetString(name)}");

    /// <param name="value">A reader at the value of this member, if the details have it.</param>
    /// <remarks>It reads from the beginning each time, because that is quicker than to parse such short details into a
    /// document.</remarks>
    public bool Has(ReadOnlySpan<byte> name, out Utf8JsonReader value)
    {
        value = new(Details ?? "{}"u8);
        while (value.Read())
            if (value is { CurrentDepth: 1, TokenType: JsonTokenType.PropertyName } && value.ValueTextEquals(name))
                return value.Read();
        return false;
    }
}

/// <summary>A module's use of the events of the log.</summary>
interface IReadEvents
{
    /// <summary>The name of its cursor. Under a new name it begins again at the first event.</summary>
    string Name { get; }

    /// <summary>Writes the effect of these events, in their order, on this connection, whose transaction also moves the
    /// cursor.</summary>
    /// <remarks>An exception undoes both. An event that fails alone is tried again a few times, then parked.</remarks>
    Task Apply(NpgsqlConnection connection, IReadOnlyList<Event> events);

    /// <summary>Undoes the effects of every event after this position, or of earlier ones too. It uses this connection,
    /// whose transaction also moves the cursor.</summary>
    /// <returns>The position after which the events must be applied again: the same, or an earlier one.</returns>
    Task<long> Rewind(NpgsqlConnection connection, long position);
}

/// <summary>Gives every event of the log to <typeparamref name="TReader"/> once in effect, in the order of their
/// positions.</summary>
/// <remarks> It takes only settled events (<see cref="EventLogWatermark"/>). The cursor moves in the transaction of the
/// effect, and the lock of its row lets one replica read at a time. It polls the log a few times a second. NOTIFY was
/// rejected: every commit that notifies waits for one lock of the whole database, and bookings would wait too.
/// </remarks>
sealed partial class EventReader<TReader>(TReader reader, NpgsqlDataSource db, EventLogWatermark horizon,
    TimeProvider clock, FailureLog failures, ILogger<EventReader<TReader>> log)
    : BackgroundService where TReader : IReadEvents
{
    const int BatchSize = 500, MostTries = 5;
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250), PauseAfterFailure = TimeSpan.FromSeconds(1);
    static readonly TimeSpan PauseForOthers = TimeSpan.FromMilliseconds(5);

    /// <param name="More">True if it took as many events as one pass may, so there may be more.</param>
    /// <param name="Read">Every event up to this position has had its effect; -1 when another replica has the
    /// turn.</param>
    readonly record struct Pass(bool More, long Read);

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

    /// <summary>Reads until every event that was committed before the call has had its effect.</summary>
    /// <returns>False if that takes longer than <paramref name="most"/>: an earlier transaction still writes, or the
    /// log is far ahead.</returns>
    public async Task<bool> CatchUp(TimeSpan most, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        var goal = (await horizon.Read(ct)).Newest;
        while (clock.GetElapsedTime(began) < most)
        {
            var pass = await Try(ct);
            if (pass?.Read >= goal) return true;
            if (pass is not { More: true }) await Task.Delay(PauseForOthers, clock, ct);
        }
        return false;
    }

    /// <returns>Null when it failed. The failure is logged, and the next pass tries again.</returns>
    async Task<Pass?> Try(CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        using var activity = Tracing.Begin("read_events");
        try
        {
            return await Read(ct);
        }
        catch (Exception e)
        {
            // A read that the server's stop ended has not failed.
            if (!ct.IsCancellationRequested) failures.Report("reader " + reader.Name, e);
            return null;
        }
        finally
        {
            _turn.Release();
        }
    }

    async Task<Pass> Read(CancellationToken ct)
    {
        var settled = (await horizon.Read(ct)).Settled;
        var limit = _oneByOne > 0 ? 1 : BatchSize;
        Event? first = null;
        try
        {
            var pass = await db.InTransaction(connection => Read(connection, settled, limit, e => first = e));
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

    async Task<Pass> Read(NpgsqlConnection connection, long settled, int limit, Action<Event> began)
    {
        // It is a list, because a cursor that another replica holds gives no row.
        if (await connection.Statement(Take).With(reader.Name).List(row => row.GetInt64(0)) is not [var cursor])
            return new(More: false, -1);
        var events = await connection.Statement(ReadOn).With(cursor).With(settled).With(limit).List(ReadEvent);
        if (events.Count == 0) return new(More: false, Math.Max(cursor, settled));
        began(events[0]);
        await reader.Apply(connection, events);
        await MoveTo(connection, events[^1]);
        return events.Count == limit ? new(More: true, events[^1].Position) : new(More: false, settled);
    }

    async Task CountFailure(Event failed, Exception because)
    {
        var parked = await db.InTransaction(async connection =>
        {
            var tries = await connection.Statement(CountTry).With(reader.Name).With(failed.Position).Value<int>();
            if (tries < MostTries) return false;
            await connection.Statement(Park).With(reader.Name).With(failed.Position).With(because.GetType().Name)
                .Execute();
            await MoveTo(connection, failed);
            return true;
        });
        if (parked) LogParked(reader.Name, failed.Position, failed.Action);
    }

    Task<int> MoveTo(NpgsqlConnection connection, Event last) =>
        connection.Statement(Move).With(reader.Name).With(last.Position).Execute();

    /// <summary>A failure that passes and has nothing to do with the event, so the event's tries do not count
    /// it.</summary>
    static bool IsTheDatabases(Exception e) =>
        e is NpgsqlException { IsTransient: true } or CommitOutcomeUnknownException or OperationCanceledException;

    static Event ReadEvent(NpgsqlDataReader row) =>
        new(row.GetInt64(0), row.GetInstant(1), row.GetString(2), row.GetGuidOrNull(3), row.GetBytesOrNull(4));

    public override void Dispose()
    {
        _turn.Dispose();
        base.Dispose();
    }

    const string Begin = "insert into platform.event_readers (name) values ($1) on conflict do nothing";

    const string Take = "select position from platform.event_readers where name = $1 for update skip locked";

    const string ReadOn = """
        select position, at, action, entity_id, details::text from audit.events
         where position > $1 and position <= $2 order by position limit $3
        """;

    const string Move =
        "update platform.event_readers set position = $2, tries = 0, moved_at = now() where name = $1";

    // Nothing is counted if another replica has passed the event meanwhile.
    const string CountTry = """
        update platform.event_readers set tries = tries + 1 where name = $1 and position < $2 returning tries
        """;

    const string Park = "insert into platform.parked_events (reader, position, error) values ($1, $2, $3)";

    [LoggerMessage(Level = LogLevel.Error, Message = "the reader {Reader} could not apply event {Position} "
        + "({Action}) and parked it; see EventsParked in docs/operations.md")]
    partial void LogParked(string reader, long position, string action);
}

static class EventReaders
{
    public static void AddEventReader<TReader>(this IServiceCollection services) where TReader : class, IReadEvents
    {
        services.AddSingleton<TReader>();
        services.AddSingleton<IReadEvents>(provider => provider.GetRequiredService<TReader>());
        services.AddSingleton<EventReader<TReader>>();
        services.AddHostedService(provider => provider.GetRequiredService<EventReader<TReader>>());
    }
}
