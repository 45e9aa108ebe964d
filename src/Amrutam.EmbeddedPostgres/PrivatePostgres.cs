using System.Diagnostics;
using Npgsql;

namespace Amrutam.EmbeddedPostgres;

/// <summary>Says in one line why the private PostgreSQL cannot be used, and what to do about it.</summary>
sealed class EmbeddedPostgresException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A private PostgreSQL cluster in a directory: started or joined, and stopped with its owner.</summary>
/// <remarks>
/// One process owns the directory, by a lock that the operating system releases even after <c>kill -9</c>. What it left
/// running is adopted by the next owner; a PostgreSQL that dies under its owner is started again and recovers.
/// </remarks>
sealed partial class PrivatePostgres : IAsyncDisposable
{
    const int RestartAttempts = 5;
    const string AppDatabase = "amrutam";
    const string PostgresDatabase = "postgres";

    static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan RestartPause = TimeSpan.FromSeconds(2);
    static readonly TimeSpan JoinPatience = TimeSpan.FromMinutes(3);
    static readonly TimeSpan JoinInterval = TimeSpan.FromMilliseconds(100);

    readonly PostgresEndpoint endpoint;
    readonly PostgresCluster? owned;
    readonly FileStream? claim;
    readonly CancellationTokenSource stopping = new();
    readonly Task watching;
    bool disposed;

    PrivatePostgres(PostgresEndpoint endpoint, PostgresCluster? owned, FileStream? claim, ILogger log)
    {
        (this.endpoint, this.owned, this.claim) = (endpoint, owned, claim);
        watching = owned is null ? Task.CompletedTask : Task.Run(() => RestartWhenItDies(owned, log, stopping.Token));
    }

    /// <summary>Takes the directory for this process alone; throws when another live process has it.</summary>
    public static async Task<PrivatePostgres> Own(
        string directory, ILogger log, CancellationToken ct, bool durable = true)
    {
        directory = Prepare(directory);
        var taken = Claim(directory) ?? throw new EmbeddedPostgresException(
            $"the data directory {directory} is in use by {Holder(directory)}: "
            + "stop that server, or give this one another Data__Directory");
        return await Own(directory, taken, durable, log, ct);
    }

    /// <summary>Uses the cluster that a running server owns; without one, owns it until disposed.</summary>
    public static async Task<PrivatePostgres> JoinOrOwn(string directory, ILogger log, CancellationToken ct)
    {
        directory = Prepare(directory);
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < JoinPatience)
        {
            if (Claim(directory) is { } taken)
            {
                return await Own(directory, taken, durable: true, log, ct);
            }

            if (PostgresCluster.Running(directory) is { } running && await IsReady(running, ct))
            {
                return new PrivatePostgres(running, owned: null, claim: null, log);
            }

            await Task.Delay(JoinInterval, ct);
        }

        throw new EmbeddedPostgresException(
            $"the data directory {directory} is in use by {Holder(directory)}, whose PostgreSQL does not answer");
    }

    /// <summary>Where data goes when no setting says otherwise: the place each operating system has for it.</summary>
    public static string DefaultDirectory()
    {
        if (!OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess)
        {
            return "/var/lib/amrutam";
        }

        if (Environment.GetEnvironmentVariable("XDG_DATA_HOME") is { Length: > 0 } data && Path.IsPathRooted(data))
        {
            return Path.Combine(data, "amrutam");
        }

        // ~/.local/share, ~/Library/Application Support and %LOCALAPPDATA%, each on its system.
        var local = Environment.SpecialFolder.LocalApplicationData;
        return Path.Combine(Environment.GetFolderPath(local, Environment.SpecialFolderOption.DoNotVerify), "amrutam");
    }

    /// <summary>For migrations: the role that owns every object.</summary>
    public string OwnerConnectionString(string database = AppDatabase) =>
        endpoint.ConnectionString(PostgresEndpoint.OwnerRole, database, pooling: true);

    /// <summary>For serving: the role that has only the rights which migrations grant.</summary>
    public string AppConnectionString(string database = AppDatabase) =>
        endpoint.ConnectionString(PostgresEndpoint.AppRole, database, pooling: true);

    /// <summary>Stops PostgreSQL if this process owns it, and lets the directory go.</summary>
    public async ValueTask DisposeAsync()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;
        await stopping.CancelAsync();
        await watching;
        if (owned is not null)
        {
            await owned.Stop();
        }

        if (claim is not null)
        {
            await claim.DisposeAsync();
        }

        stopping.Dispose();
    }

    static async Task<PrivatePostgres> Own(
        string directory, FileStream taken, bool durable, ILogger log, CancellationToken ct)
    {
        PostgresCluster? cluster = null;
        try
        {
            await File.WriteAllTextAsync(HolderFile(directory), $"{Environment.ProcessId}", ct);
            cluster = await PostgresCluster.Open(directory, durable, ct);
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
                // What cannot be seen may well be running, and starting anew would take its socket away.
                LogNotLookedAfter(log, failed);
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
            Directory.CreateDirectory(directory);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new EmbeddedPostgresException($"the data directory cannot be made: {refused.Message}", refused);
        }

        if (!OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess)
        {
            // PostgreSQL's user passes through root's folder to its own. It cannot list it; files have their own modes.
            File.SetUnixFileMode(directory, File.GetUnixFileMode(directory) | UnixFileMode.OtherExecute);
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
            var app = running.ConnectionString(PostgresEndpoint.AppRole, AppDatabase);
            await using var source = PostgresEndpoint.OpenUnpooled(app, "amrutam start");
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
        await using var source = PostgresEndpoint.OpenUnpooled(
            reached.ConnectionString(PostgresEndpoint.OwnerRole, PostgresDatabase), "amrutam start");
        await using var connection = await source.OpenConnectionAsync(ct);

        await using var password = new NpgsqlCommand(SetPassword, connection);
        password.Parameters.Add(new NpgsqlParameter { Value = reached.Passwords.App });
        await password.ExecuteNonQueryAsync(ct);

        await using var role = new NpgsqlCommand(CreateAppRole, connection);
        await role.ExecuteNonQueryAsync(ct);

        // The database comes last: a command that waits for the cluster takes a sign-in to it as the sign of the end.
        await using var exists = new NpgsqlCommand(FindDatabase, connection);
        if (await exists.ExecuteScalarAsync(ct) is null)
        {
            await using var create = new NpgsqlCommand(CreateDatabase, connection);
            await create.ExecuteNonQueryAsync(ct);
        }
    }

    const string SetPassword = "select set_config('amrutam.app_password', $1, false)";

    const string CreateAppRole = """
        do $$
        begin
            if not exists (select from pg_roles where rolname = 'amrutam_app') then
                create role amrutam_app;
            end if;
            execute format('alter role amrutam_app login nosuperuser nocreatedb nocreaterole password %L',
                           current_setting('amrutam.app_password'));
        end
        $$
        """;

    const string FindDatabase = "select 1 from pg_database where datname = 'amrutam'";

    const string CreateDatabase = "create database amrutam";

    [LoggerMessage(Level = LogLevel.Warning, Message = "PostgreSQL ended by itself; starting it again")]
    static partial void LogDied(ILogger log);

    [LoggerMessage(Level = LogLevel.Error, Message = "PostgreSQL cannot be looked after now; trying again soon")]
    static partial void LogNotLookedAfter(ILogger log, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "PostgreSQL did not start, try {Try} of {Limit}")]
    static partial void LogNotStarted(ILogger log, Exception exception, int @try, int limit);
}
