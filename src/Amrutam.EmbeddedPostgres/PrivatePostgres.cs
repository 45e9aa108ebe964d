using System.Diagnostics;
using Npgsql;

namespace Amrutam.EmbeddedPostgres;

/// <summary>A private PostgreSQL cluster in a directory: started or joined, and stopped with its owner.</summary>
/// <remarks> One process owns the directory, by a lock that the operating system releases even after <c>kill -9</c>.
/// The next owner adopts a cluster that still runs. If PostgreSQL dies under its owner, the owner starts it again and
/// it recovers. </remarks>
sealed partial class PrivatePostgres : IAsyncDisposable
{
    const int RestartAttempts = 5;
    const string PostgresDatabase = "postgres";

    static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan RestartPause = TimeSpan.FromSeconds(2);
    static readonly TimeSpan JoinPatience = TimeSpan.FromMinutes(3);
    static readonly TimeSpan JoinInterval = TimeSpan.FromMilliseconds(100);

    readonly PostgresEndpoint _endpoint;
    readonly PostgresCluster? _owned;
    readonly FileStream? _claim;
    readonly CancellationTokenSource _stopping = new();
    readonly Task _watching;
    bool _disposed;

    PrivatePostgres(PostgresEndpoint endpoint, PostgresCluster? owned, FileStream? claim, ILogger log)
    {
        (_endpoint, _owned, _claim) = (endpoint, owned, claim);
        _watching = owned is null ? Task.CompletedTask : Task.Run(() => RestartWhenItDies(owned, log, _stopping.Token));
    }

    /// <summary>Takes the directory for this process alone. Throws if another live process has it.</summary>
    public static async Task<PrivatePostgres> Own(
        PostgresOptions options, string directory, ILogger log, CancellationToken ct, bool durable = true)
    {
        directory = Prepare(directory);
        var taken = Claim(directory) ?? throw new EmbeddedPostgresException(
            $"the data directory {directory} is in use by {Holder(directory)}: "
            + $"stop that server, or give this one another {options.DirectorySetting}");
        return await Own(options, directory, taken, durable, log, ct);
    }

    /// <summary>Uses the cluster that a running server owns. Without one, owns it until disposed.</summary>
    public static async Task<PrivatePostgres> JoinOrOwn(PostgresOptions options, string directory,
        ILogger log, CancellationToken ct)
    {
        directory = Prepare(directory);
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < JoinPatience)
        {
            if (Claim(directory) is { } taken) return await Own(options, directory, taken, durable: true, log, ct);
            if (PostgresCluster.Running(options, directory) is { } running && await IsReady(running, ct))
                return new PrivatePostgres(running, owned: null, claim: null, log);
            await Task.Delay(JoinInterval, ct);
        }
        throw new EmbeddedPostgresException(
            $"the data directory {directory} is in use by {Holder(directory)}, whose PostgreSQL does not answer: "
            + "stop that server, and try again");
    }

    /// <summary>A connection string of the role that owns every object.</summary>
    /// <param name="database">Null for the host's database.</param>
    public string OwnerConnectionString(string? database = null) =>
        ConnectionString(_endpoint.Options.OwnerRole, database);

    /// <summary>A connection string of the role that has only the rights which the migrations grant.</summary>
    /// <param name="database">Null for the host's database.</param>
    public string AppConnectionString(string? database = null) =>
        ConnectionString(_endpoint.Options.AppRole, database);

    string ConnectionString(string role, string? database) =>
        _endpoint.ConnectionString(role, database ?? _endpoint.Options.Name, pooling: true);

    /// <summary>Stops PostgreSQL if this process owns it, and releases the directory.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        await _stopping.CancelAsync();
        await _watching;
        if (_owned is not null) await _owned.Stop();
        if (_claim is not null) await _claim.DisposeAsync();
        _stopping.Dispose();
    }

    static async Task<PrivatePostgres> Own(PostgresOptions options,
        string directory, FileStream taken, bool durable, ILogger log, CancellationToken ct)
    {
        PostgresCluster? cluster = null;
        try
        {
            await File.WriteAllTextAsync(HolderFile(directory), $"{Environment.ProcessId}", ct);
            cluster = await PostgresCluster.Open(options, directory, durable, ct);
            var reached = await cluster.Start(ct);
            await Provision(reached, ct);
            return new PrivatePostgres(reached, cluster, taken, log);
        }
        catch
        {
            await (cluster?.Stop() ?? Task.CompletedTask);
            await taken.DisposeAsync();
            throw;
        }
    }

    static async Task RestartWhenItDies(PostgresCluster cluster, ILogger log, CancellationToken ct)
    {
        var failures = 0;
        while (failures < RestartAttempts && !ct.IsCancellationRequested)
        {
            await Task.Delay(WatchInterval, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                if (ct.IsCancellationRequested || await cluster.IsAlive(CancellationToken.None))
                {
                    failures = 0;
                    continue;
                }
                LogDied(log);
                await cluster.Start(ct);
            }
            catch (IOException failed)
            {
                // PostgreSQL may still run. A new start would take its socket away.
                LogNotSeen(log, failed);
                await Task.Delay(RestartPause, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (EmbeddedPostgresException failed)
            {
                failures++;
                LogNotStarted(log, failed, failures, RestartAttempts);
                await Task.Delay(RestartPause, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    static string Prepare(string directory)
    {
        directory = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        try
        {
            // Root's folder is closed to others once PostgreSQL's user is known, who passes through it.
            if (OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess) Directory.CreateDirectory(directory);
            else NewPostgresCluster.CreatePrivate(directory);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new EmbeddedPostgresException($"the data directory cannot be made: {refused.Message}", refused);
        }
        return directory;
    }

    static FileStream? Claim(string directory)
    {
        try
        {
            return new FileStream(
                Path.Combine(directory, "owner.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException refused)
        {
            throw new EmbeddedPostgresException($"the data directory is not writable: {refused.Message}", refused);
        }
    }

    static string HolderFile(string directory) => Path.Combine(directory, "owner.pid");

    static string Holder(string directory) =>
        File.Exists(HolderFile(directory)) ? $"process {File.ReadAllText(HolderFile(directory))}" : "another process";

    static async Task<bool> IsReady(PostgresEndpoint running, CancellationToken ct)
    {
        try
        {
            var app = running.ConnectionString(running.Options.AppRole, running.Options.Name);
            await using var source = PostgresEndpoint.OpenUnpooled(app, running.Options.ConnectionName);
            await using var connection = await source.OpenConnectionAsync(ct);
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    static async Task Provision(PostgresEndpoint reached, CancellationToken ct)
    {
        var options = reached.Options;
        await using var source = PostgresEndpoint.OpenUnpooled(
            reached.ConnectionString(options.OwnerRole, PostgresDatabase), options.ConnectionName);
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var names = new NpgsqlCommand(SetNames, connection);
        names.Parameters.Add(new NpgsqlParameter { Value = options.AppRole });
        names.Parameters.Add(new NpgsqlParameter { Value = reached.Passwords.App });
        await names.ExecuteNonQueryAsync(ct);
        await using var role = new NpgsqlCommand(CreateAppRole, connection);
        await role.ExecuteNonQueryAsync(ct);
        // The database is made last. A command that waits for the cluster takes a successful sign-in to the database as
        // its end.
        await using var exists = new NpgsqlCommand(FindDatabase, connection);
        exists.Parameters.Add(new NpgsqlParameter { Value = options.Name });
        if (await exists.ExecuteScalarAsync(ct) is null)
        {
            await using var create = new NpgsqlCommand(CreateDatabase(options.Name), connection);
            await create.ExecuteNonQueryAsync(ct);
        }
    }

    const string SetNames =
        "select set_config('embedded.app_role', $1, false), set_config('embedded.password', $2, false)";

    const string CreateAppRole = """
        do $$
        declare
            app constant text := current_setting('embedded.app_role');
        begin
            if not exists (select from pg_roles where rolname = app) then
                execute format('create role %I', app);
            end if;
            execute format('alter role %I login nosuperuser nocreatedb nocreaterole password %L', app,
                           current_setting('embedded.password'));
        end
        $$
        """;

    const string FindDatabase = "select 1 from pg_database where datname = $1";

    // PostgreSQL takes no parameter here. The name is the host's own and never comes from a caller.
    static string CreateDatabase(string name) => "create database " + new NpgsqlCommandBuilder().QuoteIdentifier(name);

    [LoggerMessage(Level = LogLevel.Warning, Message = "PostgreSQL ended unexpectedly; starting it again")]
    static partial void LogDied(ILogger log);

    [LoggerMessage(Level = LogLevel.Error, Message = "PostgreSQL's process cannot be observed; trying again soon")]
    static partial void LogNotSeen(ILogger log, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "PostgreSQL did not start, try {Try} of {Limit}; "
        + "the exception gives the reason")]
    static partial void LogNotStarted(ILogger log, Exception exception, int @try, int limit);
}
