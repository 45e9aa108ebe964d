using Amrutam.Identity.Sessions;
using Amrutam.Platform.Data;
using Amrutam.Platform.Jobs;

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
    static readonly TimeSpan BetweenKeyLooks = TimeSpan.FromSeconds(10);
    readonly NotificationListener _listener = new(database, "amrutam watch", clock);
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
        _listener.UntilStopped(WatchSessions, LogLost, stoppingToken),
        _listener.UntilStopped(WatchKeys, LogLost, stoppingToken));

    async Task WatchSessions(CancellationToken stopping)
    {
        try
        {
            await _listener.Listen(Listen, Hear, connection => revocations.Load(connection, stopping),
                async connection =>
                {
                    await jobs.Run("load_ended_sessions", NotificationListener.BetweenPolls,
                        () => revocations.LoadLatest(connection, stopping), stopping);
                    revocations.IsCurrent();
                    _firstLook.TrySetResult();
                    revocations.ForgetExpired();
                }, stopping);
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

    void Hear(string payload)
    {
        if (payload == KeysChanged) _keysChanged.Release();
        else if (payload.StartsWith(SessionEnded, StringComparison.Ordinal)
            && Guid.TryParse(payload.AsSpan(SessionEnded.Length), out var session))
            revocations.Add(session);
    }

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
