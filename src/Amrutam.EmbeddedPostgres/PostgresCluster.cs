using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Amrutam.EmbeddedPostgres;

/// <summary>The files of one private cluster: made once, configured at every start, adopted, stopped.</summary>
/// <remarks> The folder contains <c>cluster</c> (PostgreSQL's own), <c>postgres-passwords.json</c> (only its owner can
/// read it) and <c>socket</c>. Only the process that holds the folder's lock uses it; see
/// <see cref="PrivatePostgres"/>. </remarks>
sealed class PostgresCluster
{
    // Recovery after a crash replays at most max_wal_size of log. That takes seconds, or minutes on a slow disk.
    static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(3);
    static readonly TimeSpan OrphanPatience = TimeSpan.FromSeconds(30);
    static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(5);
    static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    readonly PostgresAccount _account;
    readonly PostgresBinaries _binaries;
    readonly bool _durable;
    readonly PostgresEndpoint _endpoint;

    PostgresCluster(PostgresOptions options, string directory, PostgresAccount account, PostgresBinaries binaries,
        bool durable)
    {
        // If it is a link, PostgreSQL's user may not be able to enter the folder that contains the link.
        var files = new DirectoryInfo(Path.Combine(directory, "cluster"));
        Files = files.LinkTarget ?? files.FullName;
        (_account, _binaries, _durable) = (account, binaries, durable);
        _endpoint = PostgresEndpoint.Of(options, directory, PostmasterFile.Read(Files)?.Port);
    }

    public string Files { get; }

    string StartLog => Path.Combine(Files, "start.log");

    /// <summary>Where the cluster that runs in this folder is reached; null when none runs.</summary>
    public static PostgresEndpoint? Running(PostgresOptions options, string directory) =>
        PostmasterFile.Read(Path.Combine(directory, "cluster")) is { } postmaster
        && File.Exists(PostgresEndpoint.PasswordFile(directory))
            ? PostgresEndpoint.Of(options, directory, postmaster.Port)
            : null;

    /// <summary>Opens the folder's cluster. Makes it first if there is none.</summary>
    public static async Task<PostgresCluster> Open(PostgresOptions options, string directory, bool durable,
        CancellationToken ct)
    {
        var runner = await PostgresAccount.Choose(options, ct);
        await runner.LetThrough(directory, ct);
        var version = Path.Combine(directory, "cluster", "PG_VERSION");
        int? existing = File.Exists(version)
            ? int.Parse(await File.ReadAllTextAsync(version, ct), CultureInfo.InvariantCulture)
            : null;
        var programs = await PostgresBinaries.Find(options, directory, existing, runner, ct);
        if (existing is null) await NewPostgresCluster.Create(options, directory, runner, programs, durable, ct);
        else if (!File.Exists(PostgresEndpoint.PasswordFile(directory)))
            throw new EmbeddedPostgresException(
                $"{PostgresEndpoint.PasswordFile(directory)} is missing, and without it nobody can sign in to the "
                + "cluster beside it: restore it from a backup, or move the folder away to make a new cluster");
        return new PostgresCluster(options, directory, runner, programs, durable);
    }

    /// <summary>Returns when the cluster runs: adopts one that outlived its owner, or starts it.</summary>
    public async Task<PostgresEndpoint> Start(CancellationToken ct)
    {
        if (PostmasterFile.Read(Files) is { } left)
        {
            if (!await left.IsAlive(ct)) left.Disown();
            else if (await Answers(left, ct)) return _endpoint;
            else await Kill(left, ct);
        }
        await PrepareSocketFolder(ct);
        await File.WriteAllTextAsync(Path.Combine(Files, "postgresql.conf"), Settings(await HasLz4(ct)), ct);
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var started = await StartOnce(ct);
            if (started.Succeeded) return _endpoint;
            var said = await Complaints(ct) + started.Output;
            var orphansLive = said.Contains("pre-existing shared memory block", StringComparison.Ordinal);
            if (!orphansLive || watch.Elapsed > OrphanPatience)
                throw new EmbeddedPostgresException(
                    $"PostgreSQL did not start in {Files}: {ProgramOutcome.Reason(said)}");
            await Task.Delay(Poll, ct);
        }
    }

    public async Task<bool> IsAlive(CancellationToken ct) =>
        PostmasterFile.Read(Files) is { } postmaster && await postmaster.IsAlive(ct);

    /// <summary>Ends the sessions, rolls back their open transactions, and stops cleanly.</summary>
    public async Task Stop()
    {
        await _account.Run(
            _binaries.PgCtl,
            ["stop", "-D", Files, "-m", "fast", "-w", "-t", Seconds(StartPatience)],
            CancellationToken.None);
        if (Directory.Exists(_endpoint.Host) && !Directory.EnumerateFileSystemEntries(_endpoint.Host).Any())
            Directory.Delete(_endpoint.Host);
    }

    async Task<ProgramOutcome> StartOnce(CancellationToken ct)
    {
        await File.WriteAllTextAsync(StartLog, "", ct);
        await _account.Own(StartLog, ct);
        return await _account.Run(
            _binaries.PgCtl, ["start", "-D", Files, "-l", StartLog, "-w", "-t", Seconds(StartPatience)], ct);
    }

    async Task<bool> Answers(PostmasterFile postmaster, CancellationToken ct)
    {
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < StartPatience && await postmaster.IsAlive(ct))
        {
            try
            {
                var owner = _endpoint.ConnectionString(_endpoint.Options.OwnerRole, "postgres");
                await using var source = PostgresEndpoint.OpenUnpooled(owner, _endpoint.Options.ConnectionName);
                await using var connection = await source.OpenConnectionAsync(ct);
                return true;
            }
            catch (PostgresException starting) when (starting.SqlState == PostgresErrorCodes.CannotConnectNow)
            {
                await Task.Delay(Poll, ct);
            }
            catch (NpgsqlException)
            {
                return false;
            }
        }
        return false;
    }

    /// <summary>Ends a server that does not answer, as a crash would. The next start recovers.</summary>
    async Task Kill(PostmasterFile postmaster, CancellationToken ct)
    {
        var stopped = await _account.Run(
            _binaries.PgCtl, ["stop", "-D", Files, "-m", "immediate", "-w", "-t", Seconds(KillPatience)], ct);
        if (!stopped.Succeeded && await postmaster.IsAlive(ct))
        {
            using var process = Process.GetProcessById(postmaster.Pid);
            process.Kill();
            await process.WaitForExitAsync(ct);
        }
    }

    /// <summary>True if these programs can compress their log with LZ4. Not all builds can.</summary>
    /// <remarks>They are asked before the start, because PostgreSQL stops at an unknown setting.</remarks>
    async Task<bool> HasLz4(CancellationToken ct) => (await _account.Run(
        _binaries.Postgres, ["-C", "wal_compression", "-c", "wal_compression=lz4", "-D", Files], ct)).Succeeded;

    /// <summary>An eighth of the memory, in MiB. PostgreSQL's manual begins with a quarter for a dedicated machine, and
    /// this one also runs the server. Less than 128 MiB is too little. Beyond 8 GiB the operating system's cache does
    /// as well.</summary>
    static long SharedMegabytes() =>
        Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8 >> 20, 128, 8192);

    string Settings(bool hasLz4) => $"""
        # Written anew on every start. Settings of your own: ALTER SYSTEM SET ..., which is read after this file.
        listen_addresses = '{(_endpoint.IsSocket ? "" : _endpoint.Host)}'
        port = {_endpoint.Port}
        unix_socket_directories = '{(_endpoint.IsSocket ? _endpoint.Host : "")}'
        max_connections = 200
        shared_buffers = {SharedMegabytes()}MB
        max_wal_size = 2GB
        # Random places of large indexes are logged as whole pages once after each checkpoint: cheap compression counts.
        wal_compression = {(hasLz4 ? "lz4" : "on")}
        random_page_cost = 1.1
        # The plans of short statements gain nothing from compiled code, and the first call would pay for it.
        jit = off
        shared_preload_libraries = '{(_binaries.HasStatementStatistics ? "pg_stat_statements" : "")}'
        timezone = 'UTC'
        log_timezone = 'UTC'
        lc_messages = 'C'
        default_text_search_config = 'pg_catalog.english'
        logging_collector = on
        log_filename = 'postgresql-%a.log'
        log_rotation_age = 1d
        log_rotation_size = 0
        log_truncate_on_rotation = on
        # Details of a refused row quote its values, which may be personal data.
        log_error_verbosity = terse
        {(_durable ? "" : """
        # A throw-away cluster for tests: it is quick, and loses everything when the machine stops.
        fsync = off
        synchronous_commit = off
        full_page_writes = off
        """)}
        """;

    async Task PrepareSocketFolder(CancellationToken ct)
    {
        if (!_endpoint.IsSocket) return;
        // Below /tmp any user could have made a link or a folder under this name. A link is refused here. For another
        // user's folder the change of mode fails.
        if (new DirectoryInfo(_endpoint.Host).LinkTarget is not null)
            throw new EmbeddedPostgresException($"{_endpoint.Host} is a symbolic link; remove it");
        NewPostgresCluster.CreatePrivate(_endpoint.Host);
        await _account.Own(_endpoint.Host, ct);
        if (!await _account.CanEnter(_endpoint.Host, ct))
            throw new EmbeddedPostgresException(
                $"the user {_account.User}, whom PostgreSQL runs as, cannot enter {_endpoint.Host}: "
                + "let others pass through the folders above it");
        // A killed server leaves its lock file. Another program may now have the number in it, and PostgreSQL would
        // then refuse to start.
        var socket = Path.Combine(_endpoint.Host, $".s.PGSQL.{_endpoint.Port}");
        File.Delete(socket);
        File.Delete(socket + ".lock");
    }

    /// <summary>PostgreSQL's output since the last start, from before and after it opened its own log.</summary>
    async Task<string> Complaints(CancellationToken ct)
    {
        var early = await File.ReadAllTextAsync(StartLog, ct);
        var folder = new DirectoryInfo(Path.Combine(Files, "log"));
        if (!folder.Exists || folder.GetFiles().MaxBy(file => file.LastWriteTimeUtc) is not { } newest) return early;
        var late = await File.ReadAllTextAsync(newest.FullName, ct);
        return early + late[Math.Max(0, late.LastIndexOf("starting PostgreSQL", StringComparison.Ordinal))..];
    }

    static string Seconds(TimeSpan time) => ((int)time.TotalSeconds).ToString(CultureInfo.InvariantCulture);
}
