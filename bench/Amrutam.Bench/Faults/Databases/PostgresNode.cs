using System.Globalization;
using Amrutam.EmbeddedPostgres;

namespace Amrutam.Bench.Faults.Databases;

/// <summary>One PostgreSQL of a pair: its data, its port and its processes.</summary>
sealed class PostgresNode(PostgresAccount account, PostgresBinaries programs, string folder, int port)
    : IAsyncDisposable
{
    // A standby has this name. A program that only copies the primary has another and does not count as one.
    const string Standby = "standby";

    const string Superuser = "postgres";

    readonly string _data = Path.Combine(folder, "data");

    public int Port => port;

    /// <summary>The node's own disk; null where none can be mounted.</summary>
    public SmallDisk? Disk { get; private set; }

    string PidFile => Path.Combine(_data, "postmaster.pid");

    // A node that was killed leaves its file.
    bool IsUp => File.Exists(PidFile)
        && Directory.Exists("/proc/" + File.ReadLines(PidFile).First());

    string Log => Path.Combine(folder, "log");

    public string Connection(string password, string user = Superuser, string database = Superuser, int? through = null)
        => $"Host=127.0.0.1;Port={through ?? port};Username={user};Password={password};Database={database}";

    /// <summary>Makes an empty cluster whose commits wait for a synchronous standby, and starts it.</summary>
    public async Task Create(string passwordFile)
    {
        await Own();
        await Run(programs.InitDb, "-D", _data, "-U", Superuser, "--pwfile", passwordFile, "--auth=scram-sha-256",
            "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums");
        await Start();
    }

    /// <summary>Copies another node, and follows it.</summary>
    /// <param name="primary">The port that leads to it.</param>
    public async Task Follow(int primary, string password)
    {
        if (Directory.Exists(_data)) Directory.Delete(_data, recursive: true);
        await Own();
        await Run(Path.Combine(programs.Folder, "pg_basebackup"), "-D", _data, "-R", "-X", "stream", "-c", "fast",
            "-d", $"host=127.0.0.1 port={primary} user={Superuser} password={password}");
        await Start();
    }

    public Task Promote() => Run(programs.PgCtl, "promote", "-w", "-D", _data);

    /// <summary>Starts the node if it has ended.</summary>
    public Task StartIfDown() => IsUp ? Task.CompletedTask : Start();

    public Task Stop() => IsUp ? Run(programs.PgCtl, "stop", "-w", "-D", _data, "-m", "immediate")
        : Task.CompletedTask;

    /// <summary>Sends a signal to every process of the node.</summary>
    public Task Signal(string signal) => Signals.Send(signal, Processes());

    /// <summary>Sends a signal to the processes of connections alone.</summary>
    public Task SignalConnections(string signal) => Signals.Send(signal, Processes().Skip(1));

    // Each node can be either, so both have the same settings.
    Task Start() => Run(programs.PgCtl, "start", "-w", "-D", _data, "-l", Log, "-o", string.Create(
        CultureInfo.InvariantCulture, $"-c port={port} -c listen_addresses=127.0.0.1 ")
        + $"-c unix_socket_directories='{folder}' -c cluster_name={Standby} -c synchronous_standby_names={Standby} "
        + "-c max_connections=200 -c shared_buffers=64MB -c wal_keep_size=256MB -c log_min_messages=fatal");

    public async ValueTask DisposeAsync()
    {
        await Signal("CONT");
        await Stop();
        if (Disk is not null) await Disk.DisposeAsync();
    }

    async Task Own()
    {
        Disk ??= await SmallDisk.Mount(folder);
        Directory.CreateDirectory(folder);
        await account.Own(folder, CancellationToken.None);
    }

    /// <summary>The postmaster and its children; none when the node is down.</summary>
    IEnumerable<int> Processes()
    {
        if (!IsUp) return [];
        var postmaster = int.Parse(File.ReadLines(PidFile).First(), CultureInfo.InvariantCulture);
        return [postmaster, .. Signals.ChildrenOf(postmaster)];
    }

    async Task Run(string program, params string[] arguments)
    {
        var outcome = await account.Run(program, arguments, CancellationToken.None);
        if (!outcome.Succeeded) throw new FaultException($"{program} failed: {outcome.Output}");
    }
}
