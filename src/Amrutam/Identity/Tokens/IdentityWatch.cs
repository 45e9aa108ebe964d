using Amrutam.Platform.Data;
using Amrutam.Platform.Jobs;
using Amrutam.Platform.Operations;

namespace Amrutam.Identity.Tokens;

/// <summary>Keeps the ended sessions and the signing keys of this replica current, by notifications and by polling
/// every second.</summary>
/// <remarks> A notification arrives within milliseconds. Polling proves that the connection works and finds changes
/// whose notification was lost, as behind some poolers. The connection is not of the serving pool and has short
/// timeouts. It only reads, so an early timeout is harmless, and it notices a silent network within seconds. </remarks>
sealed class IdentityWatch(Database database, Revocations revocations, SigningKeys keys, JobRunner jobs,
    TimeProvider clock, FailureLog failures)
    : BackgroundService
{
    const string Channel = "identity", KeysChanged = "keys", SessionEnded = "ended ";
    static readonly TimeSpan BetweenKeyPolls = TimeSpan.FromSeconds(10);
    readonly NotificationListener _listener = new(database, "amrutam watch", clock, failures);
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
        _listener.UntilStopped(WatchSessions, stoppingToken),
        _listener.UntilStopped(WatchKeys, stoppingToken));

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
                    _firstPoll.TrySetResult();
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
            await _keysChanged.WaitAsync(BetweenKeyPolls, stopping);
            await RefreshKeys(stopping);
        }
    }

    Task RefreshKeys(CancellationToken ct) => jobs.Run("refresh_keys", BetweenKeyPolls, () => keys.Refresh(ct), ct);

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
}
