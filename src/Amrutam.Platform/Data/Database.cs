using System.Collections.Concurrent;
using Amrutam.Platform.Telemetry;
using Npgsql;

namespace Amrutam.Platform.Data;

/// <summary>Where PostgreSQL is, and as whom to speak to it.</summary>
/// <param name="Owner">Owns the schema and migrates it.</param>
/// <param name="App">Serves requests, as the role amrutam_app, which can only insert into and read the event
/// log.</param>
sealed record Database(string Owner, string App)
{
    // Shared by the copies of this record, which are one database.
    readonly ConcurrentBag<NpgsqlDataSource> _pools = [];

    public const string AppRole = "amrutam_app";

    /// <summary>The key of the pool over which public lists are read.</summary>
    /// <remarks>The driver gives its connections out in turn, so that of many each is seldom used, and its process of
    /// PostgreSQL has to find anew what it knew of tables and pages; of few each is warm. And lists that anybody may
    /// ask for keep no request of a patient's waiting for a connection.</remarks>
    public const string ForLists = "lists";

    // Most lists are given from memory: two for each of two cores read the rest.
    public const int ListConnections = 4;

    /// <summary>
    /// A database given by the operator. With <c>ConnectionStrings:Owner</c> the two log in apart. With one connection
    /// string the role is set to amrutam_app, which a session can take off again, until <see cref="AppRoleLogin"/> has
    /// found the server a login of its own.
    /// </summary>
    public static Database Given(string app, string? owner) =>
        owner is null ? new(app, WithRole(app)) : new(owner, app);

    static string WithRole(string connectionString)
    {
        var parts = new NpgsqlConnectionStringBuilder(connectionString);
        parts.Options = (parts.Options + " -c role=" + AppRole).Trim();
        return parts.ConnectionString;
    }

    /// <summary>Connections apart from the pool that serves. A pool without a name is called by its connection string
    /// in metrics, so these have one too.</summary>
    public static NpgsqlDataSource OpenUnpooled(string connectionString, string name)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString) { Name = name };
        builder.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
        return builder.Build();
    }

    // Without scans of whole tables, because a plan that is made while a table is empty would have them.
    public const string PlanOnce = " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off";

    /// <summary>A pool that serves: constant statements prepared, commits never cancelled half-way.</summary>
    /// <param name="name">What metrics call it; without one they would say the connection string.</param>
    /// <param name="planOnce">For statements whose parameters do not change which plan is best: PostgreSQL would
    /// compare costs and plan a small set anew each time, which takes longer than to run it.</param>
    public NpgsqlDataSource Open(string name, int maxConnections, ILoggerFactory logs, bool planOnce = false)
    {
        var parts = new NpgsqlConnectionStringBuilder(App)
        {
            MaxPoolSize = maxConnections,
            // What was opened stays: the driver would close what a calm time does not need, all at once, and the next
            // burst would wait for logins and for plans that are made anew. The budget has room for all of them.
            MinPoolSize = maxConnections,
            MaxAutoPrepare = 128,
            AutoPrepareMinUsages = 2,
            // On cancellation wait for PostgreSQL's answer for ever rather than guess: a guess could report a lost
            // commit as done.
            CancellationTimeout = -1,
            // The driver's default of 30 s outlives every client that would still be waiting.
            CommandTimeout = 15,
            Timeout = 5,
            // Nothing here changes a session's state, so there is nothing to reset between its users.
            NoResetOnClose = true,
        };
        // An operator's own name stays: it tells servers apart in pg_stat_activity.
        parts.ApplicationName ??= "amrutam";
        // Compiling a plan takes longer (measured: a second) than any statement of a request takes to run.
        parts.Options = (parts.Options + " -c jit=off" + (planOnce ? PlanOnce : ""))
            .Trim();
        var builder = new NpgsqlDataSourceBuilder(parts.ConnectionString);
        builder.UseLoggerFactory(logs);
        // Every type that is used is PostgreSQL's own, and known; to ask for the others is the start's longest query.
        builder.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
        builder.Name = name;
        // A span for each statement only where the request's own span is recorded.
        builder.ConfigureTracing(o => o.ConfigureCommandFilter(_ => Tracing.Recorded is not null)
            .ConfigureBatchFilter(_ => Tracing.Recorded is not null).EnablePhysicalOpenTracing(false)
            .EnableFirstResponseEvent(false));
        var pool = builder.Build();
        _pools.Add(pool);
        return pool;
    }

    /// <summary>Replaces the idle connections of every pool before they are used again.</summary>
    /// <remarks>Nothing watches an idle connection of a pool, so its first user would find out that PostgreSQL was
    /// restarted. A listening connection is watched, and its loss calls this.</remarks>
    public void ReplaceIdleConnections()
    {
        foreach (var pool in _pools) pool.Clear();
    }

    /// <summary>Whether PostgreSQL had ended the idle connection before the statement was sent, so that the statement
    /// did nothing and may be sent once more.</summary>
    /// <remarks>PostgreSQL then left a FATAL message that is read instead of an answer, or the statement could not be
    /// written. A connection that breaks without a message after the statement was sent is not meant: its outcome is
    /// unknown.</remarks>
    public static bool EndedBefore(NpgsqlException e) => e is PostgresException postgres
        ? postgres.SqlState is PostgresErrorCodes.AdminShutdown or IdleSessionTimeout
        : e.InnerException is IOException && e.Message.StartsWith(CouldNotWrite, StringComparison.Ordinal);

    /// <summary>Runs work that opens a connection and sends one statement or batch. Runs it once more if the connection
    /// had ended before.</summary>
    public static async Task<T> RunLive<T>(Func<Task<T>> run)
    {
        try
        {
            return await run();
        }
        catch (NpgsqlException e) when (EndedBefore(e))
        {
            return await run();
        }
    }

    const string IdleSessionTimeout = "57P05", CouldNotWrite = "Exception while writing to stream";
}
