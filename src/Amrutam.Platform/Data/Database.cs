using System.Collections.Concurrent;
using Amrutam.Platform.Telemetry;
using Npgsql;

namespace Amrutam.Platform.Data;

/// <summary>The addresses and roles to reach PostgreSQL with, as connection strings.</summary>
/// <param name="Owner">Owns the schema and migrates it.</param>
/// <param name="App">Serves requests, as the role amrutam_app, which can only insert into and read the event
/// log.</param>
sealed record Database(string Owner, string App)
{
    // Shared by the copies of this record, which are one database.
    readonly ConcurrentBag<NpgsqlDataSource> _pools = [];

    public const string AppRole = "amrutam_app";

    /// <summary>True if one user migrates and serves.</summary>
    public bool HasOneLogin =>
        new NpgsqlConnectionStringBuilder(Owner).Username == new NpgsqlConnectionStringBuilder(App).Username;

    /// <summary>The key of the pool that reads public lists.</summary>
    /// <remarks>The driver uses its connections in turn. Among many connections each is seldom used, and its PostgreSQL
    /// process loses its knowledge of tables and pages. Among few, each stays warm. And readers of public lists, who
    /// may be anybody, take no connection from a patient's request.</remarks>
    public const string ForLists = "lists";

    // Memory answers most lists. Two connections for each of two cores read the rest.
    public const int ListConnections = 4;

    /// <summary> A database of the operator's. With <c>ConnectionStrings:Owner</c> owner and server log in apart. With
    /// one connection string the role is set to amrutam_app, which a session can leave again. That lasts until
    /// <see cref="AppRoleLogin"/> has found a login for the server. </summary>
    public static Database Given(string app, string? owner) =>
        owner is null ? new(app, WithRole(app)) : new(owner, app);

    static string WithRole(string connectionString)
    {
        var parts = new NpgsqlConnectionStringBuilder(connectionString);
        parts.Options = (parts.Options + " -c role=" + AppRole).Trim();
        return parts.ConnectionString;
    }

    /// <summary>Opens connections apart from the serving pool. Metrics show the name; without one they would show the
    /// connection string.</summary>
    public static NpgsqlDataSource OpenUnpooled(string connectionString, string name)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString) { Name = name };
        builder.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
        return builder.Build();
    }

    // Sequential scans are off, because a plan that is made while a table is empty would contain them.
    public const string PlanOnce = " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off";

    // A transaction that waits for a lock keeps its connection from others. Longer than any transaction of a request
    // runs, and than PostgreSQL's second before it looks for a deadlock.
    const string Waits = " -c lock_timeout=3s";

    // CommitWatch needs them. A login may have a stricter setting.
    const string Warnings = " -c client_min_messages=warning";

    /// <summary>Opens a serving pool: constant statements are prepared, and commits are never cancelled
    /// half-way.</summary>
    /// <param name="name">The pool's name in metrics. Without one they would show the connection string.</param>
    /// <param name="planOnce">True for statements whose best plan does not depend on their parameters. PostgreSQL would
    /// otherwise plan a small set again each time, which takes longer than to run it.</param>
    public NpgsqlDataSource Open(string name, int maxConnections, ILoggerFactory logs, bool planOnce = false)
    {
        var parts = new NpgsqlConnectionStringBuilder(App)
        {
            MaxPoolSize = maxConnections,
            // Opened connections stay open. The driver would close idle ones all at once, and the next burst would wait
            // for logins and new plans. The budget has room for all of them.
            MinPoolSize = maxConnections,
            MaxAutoPrepare = 128,
            AutoPrepareMinUsages = 2,
            // After a cancellation it waits for PostgreSQL's answer without a limit. A guess could report a lost commit
            // as done.
            CancellationTimeout = -1,
            // The driver's default of 30 s is longer than any client waits.
            CommandTimeout = 15,
            Timeout = 5,
            // No statement changes a session's state, so there is nothing to reset between its users.
            NoResetOnClose = true,
        };
        // An operator's own name stays. It distinguishes servers in pg_stat_activity.
        parts.ApplicationName ??= "amrutam";
        // To compile a plan takes longer (measured: a second) than any statement of a request runs.
        parts.Options = (parts.Options + " -c jit=off" + Waits + Warnings + (planOnce ? PlanOnce : "")).Trim();
        var builder = new NpgsqlDataSourceBuilder(parts.ConnectionString);
        builder.UseLoggerFactory(logs);
        // Every type in use is PostgreSQL's own, and the driver knows it. The query for the others is the slowest of
        // the start.
        builder.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
        builder.Name = name;
        // A statement has a span only if its request's span is recorded.
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
        foreach (var pool in _pools) ReplaceIdle(pool);
    }

    /// <summary>Replaces the idle connections of a pool. If PostgreSQL ended one of them, it has mostly ended all, and
    /// a second try must not meet the next.</summary>
    public static void ReplaceIdle(NpgsqlDataSource pool) => pool.Clear();

    /// <summary>Finds the failure of the database in an exception. Entity Framework and Data Protection wrap
    /// it.</summary>
    /// <returns>Null if the cause is another.</returns>
    public static NpgsqlException? FailureIn(Exception exception)
    {
        for (var inner = exception; inner is not null; inner = inner.InnerException)
            if (inner is NpgsqlException failure) return failure;
        return null;
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
    public static async Task<T> RunLive<T>(NpgsqlDataSource pool, Func<Task<T>> run)
    {
        try
        {
            return await run();
        }
        catch (NpgsqlException e) when (EndedBefore(e))
        {
            ReplaceIdle(pool);
            return await run();
        }
    }

    const string IdleSessionTimeout = "57P05", CouldNotWrite = "Exception while writing to stream";
}
