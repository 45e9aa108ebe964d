using System.Diagnostics;
using System.Net.Sockets;
using Npgsql;

namespace Amrutam.Platform.Data;

/// <summary>Opens the first connection of each login at the start, and explains to the operator why there is
/// none.</summary>
/// <remarks>A start waits for a database that is away, because a machine or a cluster starts both at once. A mistake,
/// such as a wrong password, ends the start at once.</remarks>
static class FirstConnection
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // One attempt must not take the whole time.
    const int AttemptSeconds = 5;

    /// <param name="database">The database that the operator gave.</param>
    /// <param name="asOwner">Whether the owner's login has to answer, beside the server's, and to take
    /// changes.</param>
    /// <param name="limit">The longest wait for a database that is away or takes no changes, as during a
    /// failover.</param>
    /// <param name="say">Takes one line for the operator when the wait begins.</param>
    /// <exception cref="StartupException">PostgreSQL is away for longer than the limit, or refuses a login.</exception>
    public static async Task Open(Database database, bool asOwner, TimeSpan limit, Action<string> say,
        CancellationToken ct)
    {
        if (asOwner) await Open(database, database.Owner, writes: true, limit, say, ct);
        if (!asOwner || !database.HasOneLogin) await Open(database, database.App, writes: asOwner, limit, say, ct);
    }

    /// <summary>One line about a failure of the database that ended a start or a command.</summary>
    public static string Explain(NpgsqlException e) => e switch
    {
        PostgresException { SqlState: PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName }
            lacks => $"The database lacks what this version needs ({lacks.MessageText}): run the command migrate.",
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } denied => "PostgreSQL refuses: "
            + $"{denied.MessageText}. The login that migrates must own the database and everything in it.",
        PostgresException refused => $"PostgreSQL refuses: {refused.MessageText} ({refused.SqlState}).",
        _ => $"PostgreSQL does not answer: {Reason(e)}.",
    };

    static async Task Open(Database database, string connectionString, bool writes, TimeSpan limit,
        Action<string> say, CancellationToken ct)
    {
        var login = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, Timeout = AttemptSeconds };
        // The role is set once a migration has created it.
        if (database.HasOneLogin) login.Options = null;
        var setting = ConnectionStrings.SettingOf(database, connectionString);
        await using var source = Database.OpenUnpooled(login.ConnectionString, "amrutam start");
        var (watch, waits) = (Stopwatch.StartNew(), false);
        while (true)
        {
            string reason;
            try
            {
                await using var connection = await source.OpenConnectionAsync(ct);
                if (!writes || !await connection.Statement(TakesNoChanges).Value<bool>(ct)) return;
                reason = "it takes no changes";
                if (watch.Elapsed >= limit)
                    throw new StartupException($"PostgreSQL at {Place(login)} takes no changes: it is a standby, or "
                        + $"set to read only. Name the primary in {setting}.");
            }
            catch (NpgsqlException e) when (IsAway(e) && watch.Elapsed < limit)
            {
                reason = Reason(e);
            }
            catch (NpgsqlException e)
            {
                throw new StartupException(Explain(e, login, setting), e);
            }
            if (!waits) say($"Waiting for PostgreSQL at {Place(login)} ({reason}), for "
                + $"{limit.TotalSeconds:0} seconds at most.");
            waits = true;
            await Task.Delay(Pause, ct);
        }
    }

    static string Explain(NpgsqlException e, NpgsqlConnectionStringBuilder login, string setting) => e switch
    {
        PostgresException
        {
            SqlState: PostgresErrorCodes.InvalidPassword
            or PostgresErrorCodes.InvalidAuthorizationSpecification
        } => $"PostgreSQL at {Place(login)} does not admit "
            + $"the user '{login.Username}': correct the user or the password in {setting}.",
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } => $"PostgreSQL at {Place(login)} has no "
            + $"database '{login.Database ?? login.Username}': create it, or correct the name in {setting}.",
        PostgresException refused => $"PostgreSQL at {Place(login)} refuses: {refused.MessageText}; see {setting}.",
        _ => $"PostgreSQL at {Place(login)} does not answer ({Reason(e)}): start it, or correct {setting}.",
    };

    static bool IsAway(NpgsqlException e) => e is PostgresException postgres
        ? postgres.SqlState is PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown
            or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.TooManyConnections
        : e.InnerException is SocketException or TimeoutException or IOException;

    static string Reason(Exception e) => (e is PostgresException postgres ? postgres.MessageText
        : e.InnerException is SocketException or TimeoutException ? e.InnerException.Message : e.Message)
        .ReplaceLineEndings(" ");

    static string Place(NpgsqlConnectionStringBuilder login) =>
        login.Host!.Contains(',', StringComparison.Ordinal) ? login.Host
        : FormattableString.Invariant($"{login.Host}:{login.Port}");

    const string TakesNoChanges = "select current_setting('transaction_read_only')::boolean";
}
