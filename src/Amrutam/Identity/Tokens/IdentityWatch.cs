using Amrutam.Platform.Data;
using Amrutam.Platform.Jobs;
using Amrutam.Platform.Telemetry;
using Npgsql;

namespace Amrutam.Identity.Tokens;

/// <summary>Keeps the ended sessions and the signing keys of this replica current, by notifications and by polling
/// every second.</summary>
/// <remarks>
/// A notification arrives within milliseconds. Polling proves that the connection works and finds changes whose
/// notification was lost, as behind some poolers. The connection is not of the serving pool and has short timeouts: it
/// only reads, so an early timeout is harmless, and a silent network is noticed within seconds.
/// </remarks>
sealed partial class IdentityWatch(Database database, Revocations revocations, SigningKeys keys, JobRunner jobs,
    TimeProvider clock, ILogger<IdentityWatch> log)
    : BackgroundService
{
    const string Channel = "identity", KeysChanged = "keys", SessionEnded = "ended ";
    const int TimeoutSeconds = 2;
    static readonly TimeSpan BetweenPolls = TimeSpan.FromSeconds(1), BetweenKeyPolls = TimeSpan.FromSeconds(10);
    readonly TaskCompletionSource _firstPoll = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly SemaphoreSlim _keysChanged = new(0);

    /// <summary>The server accepts no request before the keys and the ended sessions are loaded.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await RefreshKeys(cancellationToken);
        await base.StartAsync(cancellationToken);
        await _firstPoll.Task.WaitAsync(cancellationToken);
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
                await Task.Delay(BetweenPolls, clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    async Task WatchSessions(CancellationToken stopping)
    {
        try
        {
            await using var source = Database.OpenUnpooled(WatchConnection(), "amrutam watch");
            await using var connection = source.CreateConnection();
            connection.Notification += OnNotification;
            await connection.OpenAsync(stopping);
            await connection.Statement(Listen).Execute();
            await revocations.Load(connection, stopping);
            while (true)
            {
                revocations.IsCurrent();
                _firstPoll.TrySetResult();
                revocations.ForgetExpired();
                await connection.WaitAsync(BetweenPolls, stopping);
                await jobs.Run("load_ended_sessions", BetweenPolls, () =>
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
            await _keysChanged.WaitAsync(BetweenKeyPolls, stopping);
            await RefreshKeys(stopping);
        }
    }

    Task RefreshKeys(CancellationToken ct) => jobs.Run("refresh_keys", BetweenKeyPolls, () => keys.Refresh(ct), ct);

    void OnNotification(object sender, NpgsqlNotificationEventArgs notification)
    {
        if (notification.Payload == KeysChanged) _keysChanged.Release();
        else if (notification.Payload.StartsWith(SessionEnded, StringComparison.Ordinal)
            && Guid.TryParse(notification.Payload.AsSpan(SessionEnded.Length), out var session))
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
        Message = "The watch of sessions and keys lost its connection ({Failure}); each request asks the database now")]
    partial void LogLost(string failure);
}
