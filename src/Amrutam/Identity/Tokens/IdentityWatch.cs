using Amrutam.Identity.Sessions;
using Amrutam.Platform.Data;
using Amrutam.Platform.Jobs;
using Amrutam.Platform.Telemetry;
using Npgsql;

namespace Amrutam.Identity.Tokens;

/// <summary>Keeps this replica's knowledge of ended sessions and signing keys current: listens, and looks every second
/// besides.</summary>
/// <remarks>
/// A notification brings the news within milliseconds; the look proves that the connection still works and finds what a
/// notification missed (a pooler that swallows them, say). The connection is its own, outside the pool that serves,
/// with short timeouts: it only reads, so giving up early costs nothing, and a silent network is noticed within
/// seconds.
/// </remarks>
sealed partial class IdentityWatch(Database database, Revocations revocations, SigningKeys keys, JobRunner jobs,
    TimeProvider clock, ILogger<IdentityWatch> log)
    : BackgroundService
{
    const string Channel = "identity", KeysChanged = "keys", SessionEnded = "ended ";
    const int TimeoutSeconds = 2;
    static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1), BetweenKeyLooks = TimeSpan.FromSeconds(10);
    readonly TaskCompletionSource _firstLook = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly SemaphoreSlim _keysChanged = new(0);

    /// <summary>The server takes no request before the keys and the ended sessions are loaded.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await RefreshKeys(cancellationToken);
        await base.StartAsync(cancellationToken);
        await _firstLook.Task.WaitAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        UntilStopped(WatchSessions, stoppingToken),
        UntilStopped(WatchKeys, stoppingToken));

    async Task UntilStopped(Func<CancellationToken, Task> watch, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            using var activity = Tracing.Begin("watch_identity");
            try
            {
                await watch(stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (
                e is NpgsqlException or OperationCanceledException or TimeoutException or StartupException)
            {
                LogLost(e.GetType().Name);
                await Task.Delay(BetweenLooks, clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    async Task WatchSessions(CancellationToken stopping)
    {
        try
        {
            await using var source = Database.OpenUnpooled(WatchConnection(), "amrutam watch");
            await using var connection = source.CreateConnection();
            connection.Notification += Hear;
            await connection.OpenAsync(stopping);
            await connection.Statement(Listen).Execute();
            await revocations.Load(connection, stopping);
            while (true)
            {
                revocations.IsCurrent();
                _firstLook.TrySetResult();
                revocations.ForgetExpired();
                await connection.WaitAsync(BetweenLooks, stopping);
                await jobs.Run("load_ended_sessions", BetweenLooks, () =>
                    revocations.LoadLatest(connection, stopping), stopping);
            }
        }
        finally
        {
            revocations.IsNotCurrent();
        }
    }

    async Task WatchKeys(CancellationToken stopping)
    {
        while (true)
        {
            await _keysChanged.WaitAsync(BetweenKeyLooks, stopping);
            await RefreshKeys(stopping);
        }
    }

    Task RefreshKeys(CancellationToken ct) => jobs.Run("refresh_keys", BetweenKeyLooks, () => keys.Refresh(ct), ct);

    void Hear(object sender, NpgsqlNotificationEventArgs told)
    {
        if (told.Payload == KeysChanged) _keysChanged.Release();
        else if (told.Payload.StartsWith(SessionEnded, StringComparison.Ordinal)
            && Guid.TryParse(told.Payload.AsSpan(SessionEnded.Length), out var session))
            revocations.Add(session);
    }

    string WatchConnection() => new NpgsqlConnectionStringBuilder(database.App)
    {
        ApplicationName = "amrutam watch", Pooling = false, Timeout = TimeoutSeconds, CommandTimeout = TimeoutSeconds,
        CancellationTimeout = 1000 * TimeoutSeconds,
    }.ConnectionString;

    public override void Dispose()
    {
        _keysChanged.Dispose();
        base.Dispose();
    }

    const string Listen = "listen " + Channel;

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "lost sight of ended sessions or keys ({Failure}); each request asks the database until it is back")]
    partial void LogLost(string failure);
}
