using System.Data;
using System.Runtime.CompilerServices;
using NodaTime;
using Npgsql;

namespace Amrutam.Platform.Data;

/// <summary>Runs constant SQL over Npgsql with positional, typed parameters.</summary>
/// <remarks> Npgsql prepares constant text by itself after its second use. A statement that changes something takes no
/// cancellation token: a caller who gives up must not leave the outcome of a commit unknown. </remarks>
static class Sql
{
    public static Statement Statement(this NpgsqlDataSource db, string sql) =>
        new(db.CreateConnection(), sql, db);

    /// <summary>Notes that PostgreSQL answered on this connection.</summary>
    internal static void HasAnswered(NpgsqlConnection connection) => Answered.TryAdd(connection, Answered);

    /// <summary>A statement on an open connection, inside its transaction if it has one.</summary>
    public static Statement Statement(this NpgsqlConnection connection, string sql) =>
        new(connection, sql, pool: null);

    /// <returns>The instant; <see cref="Instant.MaxValue"/> for <c>infinity</c>, <see cref="Instant.MinValue"/> for
    /// <c>-infinity</c>.</returns>
    public static Instant GetInstant(this NpgsqlDataReader row, int column) =>
        row.GetFieldValue<DateTime>(column).ToInstant();

    public static Instant? GetInstantOrNull(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetInstant(column);

    public static string? GetStringOrNull(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetString(column);

    /// <returns>The bytes of a bytea, or of a text in UTF-8.</returns>
    public static byte[]? GetBytesOrNull(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetFieldValue<byte[]>(column);

    public static Guid? GetGuidOrNull(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetGuid(column);

    public static int? GetInt32OrNull(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetInt32(column);

    public static LocalDate? GetDateOrNull(this NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : LocalDate.FromDateOnly(row.GetFieldValue<DateOnly>(column));

    // The driver reads the infinities as the first and the last DateTime, which are not UTC.
    static Instant ToInstant(this DateTime value) =>
        value == DateTime.MaxValue ? Instant.MaxValue : value == DateTime.MinValue ? Instant.MinValue
        : Instant.FromDateTimeUtc(value);

    /// <summary>The reverse of <see cref="GetInstant"/>.</summary>
    internal static DateTime ToDateTime(this Instant value) =>
        value == Instant.MaxValue ? DateTime.MaxValue.AsUtc() : value == Instant.MinValue ? DateTime.MinValue.AsUtc()
        : value.ToDateTimeUtc();

    static DateTime AsUtc(this DateTime value) => DateTime.SpecifyKind(value, DateTimeKind.Utc);

    // The connections of transactions in which PostgreSQL has answered a statement.
    static readonly ConditionalWeakTable<NpgsqlConnection, object> Answered = [];

    /// <summary>Runs <paramref name="work"/> in one READ COMMITTED transaction. An exception rolls it back.</summary>
    /// <remarks>PostgreSQL may have ended the idle connection before. Then the first statement fails, nothing has been
    /// done, and the work begins again on another connection. After an answer it does not: the work may have had
    /// effects outside the database.</remarks>
    public static async Task<T> InTransaction<T>(this NpgsqlDataSource db, Func<NpgsqlConnection, Task<T>> work)
    {
        await using (var connection = db.CreateConnection())
        {
            try
            {
                return await InTransaction(connection, work);
            }
            catch (NpgsqlException e) when (Database.EndedBefore(e) && !Answered.TryGetValue(connection, out _))
            {
                Database.ReplaceIdle(db);
            }
        }
        await using var other = db.CreateConnection();
        return await InTransaction(other, work);
    }

    static async Task<T> InTransaction<T>(NpgsqlConnection connection, Func<NpgsqlConnection, Task<T>> work)
    {
        var commit = CommitWatch.On(connection);
        await connection.OpenAsync(CancellationToken.None);
        await using var transaction = await connection
            .BeginTransactionAsync(IsolationLevel.ReadCommitted, CancellationToken.None);
        var result = await work(connection);
        await transaction.CommitAsync(CancellationToken.None);
        commit.ThrowIfUnknown();
        return result;
    }
}

/// <summary>Statements whose row is a value: an id, a tuple, an instant.</summary>
static class ValueRows
{
    /// <returns>The first row, or null if there is none.</returns>
    public static Task<T?> One<T>(this Statement statement, Func<NpgsqlDataReader, T> read,
        CancellationToken ct = default) where T : struct => statement.First<T?>(row => read(row), ct);
}

/// <summary>A statement with its parameters. The call that runs it also disposes it.</summary>
/// <param name="pool">The pool of the connection if the statement is its only one; null if others share it.</param>
sealed class Statement(NpgsqlConnection connection, string sql, NpgsqlDataSource? pool)
{
    readonly NpgsqlCommand _command = new(sql, connection);

    public Statement With<T>(T value)
    {
        _command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        return this;
    }

    /// <param name="value"><see cref="Instant.MaxValue"/> and <see cref="Instant.MinValue"/> become
    /// <c>infinity</c> and <c>-infinity</c>.</param>
    public Statement With(Instant value) => With(value.ToDateTime());

    /// <inheritdoc cref="With(Instant)"/>
    public Statement With(Instant? value) => With(value?.ToDateTime());

    public Statement With(LocalDate value) => With(value.ToDateOnly());

    public Statement With(LocalDate? value) => With(value?.ToDateOnly());

    /// <summary>A transaction id (xid8).</summary>
    public Statement With(ulong value)
    {
        _command.Parameters.Add(new NpgsqlParameter<ulong>
        {
            TypedValue = value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Xid8
        });
        return this;
    }

    public Statement WithJson(string? json)
    {
        _command.Parameters.Add(new NpgsqlParameter<string?>
        {
            TypedValue = json, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Jsonb
        });
        return this;
    }

    /// <summary>Sets the time limit of this statement in place of the pool's.</summary>
    public Statement Within(TimeSpan most)
    {
        _command.CommandTimeout = (int)most.TotalSeconds;
        return this;
    }

    /// <returns>The number of rows that the statement changed.</returns>
    public Task<int> Execute() =>
        Run(static async (command, _) => await command.ExecuteNonQueryAsync(CancellationToken.None), default);

    /// <returns>The first row, or null if there is none.</returns>
    public Task<T?> One<T>(Func<NpgsqlDataReader, T> read, CancellationToken ct = default) where T : class =>
        First<T?>(read, ct);

    /// <returns>The value that <paramref name="read"/> makes of the first row; the type's default if there is
    /// none.</returns>
    internal Task<T?> First<T>(Func<NpgsqlDataReader, T?> read, CancellationToken ct) =>
        Run(async (command, stop) =>
        {
            await using var rows = await command.ExecuteReaderAsync(CommandBehavior.Default, stop);
            var found = await rows.ReadAsync(stop) ? read(rows) : default;
            while (await rows.NextResultAsync(stop)) { }
            return found;
        }, ct);

    /// <returns>Each row as it is read, without a limit; on an open connection only.</returns>
    public async IAsyncEnumerable<T> Stream<T>(Func<NpgsqlDataReader, T> read,
        [EnumeratorCancellation] CancellationToken ct)
    {
        await using var command = _command;
        await using var rows = await command.ExecuteReaderAsync(CommandBehavior.Default, ct);
        Sql.HasAnswered(connection);
        while (await rows.ReadAsync(ct)) yield return read(rows);
    }

    /// <returns>Every row. The statement itself limits the number.</returns>
    public Task<List<T>> List<T>(Func<NpgsqlDataReader, T> read, CancellationToken ct = default) =>
        Run(async (command, stop) =>
        {
            await using var rows = await command.ExecuteReaderAsync(CommandBehavior.Default, stop);
            var all = new List<T>();
            while (await rows.ReadAsync(stop)) all.Add(read(rows));
            while (await rows.NextResultAsync(stop)) { }
            return all;
        }, ct);

    /// <returns>The first column of the first row; the type's default when there is no row or the column is
    /// null.</returns>
    public Task<T?> Value<T>(CancellationToken ct = default) =>
        Run(static async (command, stop) => await command.ExecuteScalarAsync(stop) is T value ? value : default, ct);

    /// <summary>The statement is the first of its connection, so it runs once more if that had ended before.</summary>
    async Task<T> RunLive<T>(Func<NpgsqlCommand, CancellationToken, Task<T>> run, NpgsqlCommand command,
        CancellationToken ct)
    {
        try
        {
            return await run(command, ct);
        }
        catch (NpgsqlException e) when (Database.EndedBefore(e))
        {
            // A copy, because the driver ties a prepared command to the connection on which it ran.
            await using var copy = command.Clone();
            await connection.CloseAsync();
            Database.ReplaceIdle(pool!);
            await connection.OpenAsync(ct);
            return await run(copy, ct);
        }
    }

    async Task<T> Run<T>(Func<NpgsqlCommand, CancellationToken, Task<T>> run, CancellationToken ct)
    {
        await using var command = _command;
        if (pool is null)
        {
            var answer = await run(command, ct);
            Sql.HasAnswered(connection);
            return answer;
        }
        await using var lease = connection;
        var commit = CommitWatch.On(connection);
        await connection.OpenAsync(ct);
        var result = await RunLive(run, command, ct);
        commit.ThrowIfUnknown();
        return result;
    }
}
