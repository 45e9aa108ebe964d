using System.Globalization;
using Amrutam.Platform.Data;
using Amrutam.Platform.Operations;
using Npgsql;

namespace Amrutam.Platform.Http.Caching;

/// <summary>Shows whether data may have changed since it was read, on whichever replica.</summary>
/// <remarks> It has counters that only rise: one for each of a fixed number of parts (a doctor belongs to one), and one
/// for everything. A change raises them after the commit and before the response. So after the response of a change
/// nobody gets an older answer. The other replicas learn of the change by NOTIFY, in a transaction of its own after the
/// commit. Inside the change it would make every commit wait for one lock of the whole database. If a replica dies
/// between the two, the others see that it no longer listens, and count a change of everything. While the listening
/// connection is lost, nothing counts as unchanged. </remarks>
sealed class CacheInvalidation(Database database, NpgsqlDataSource db, TimeProvider clock, FailureLog failures)
    : BackgroundService
{
    const string Channel = "changes", Everything = "*", Listener = "amrutam changes";

    // If two doctors share a part, their lists are only read again more often.
    const int Parts = 1024;

    // A notification has less than 8,000 bytes, and a part takes five.
    const int MostPartsTold = 1000;
    static readonly TimeSpan CurrentFor = TimeSpan.FromSeconds(3);

    // Each notification wakes every replica and costs the database a transaction. Fifty a second are enough for
    // everything.
    static readonly TimeSpan BetweenTellings = TimeSpan.FromMilliseconds(20);

    readonly NotificationListener _listener = new(database, Listener, clock, failures);
    readonly string _self = Guid.CreateVersion7().ToString("N");
    readonly long[] _parts = new long[Parts];
    readonly Lock _untoldLock = new();
    readonly SemaphoreSlim _hasUntold = new(0, 1);
    HashSet<int> _untold = [];
    bool _everythingIsUntold;
    long _everything, _any, _currentAt;

    /// <summary>False while this replica may miss the changes of others.</summary>
    public bool IsCurrent =>
        Interlocked.Read(ref _currentAt) is var since and not 0 && clock.GetElapsedTime(since) < CurrentFor;

    /// <summary>A number that differs after any change of <paramref name="part"/>, or of anything if that is
    /// null.</summary>
    public long Version(Guid? part) => part is { } id
        ? Interlocked.Read(ref _everything) + Interlocked.Read(ref _parts[PartOf(id)])
        : Interlocked.Read(ref _any);

    /// <summary>Announces a change. It is called after the commit and before the response.</summary>
    public void Invalidate(Guid part)
    {
        Raise(PartOf(part));
        lock (_untoldLock) _untold.Add(PartOf(part));
        Wake();
    }

    /// <inheritdoc cref="Invalidate"/>
    public void InvalidateAll()
    {
        RaiseAll();
        lock (_untoldLock) _everythingIsUntold = true;
        Wake();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        _listener.UntilStopped(Listen, stoppingToken), _listener.UntilStopped(Tell, stoppingToken));

    async Task Listen(CancellationToken stopping)
    {
        try
        {
            var listening = new HashSet<int>();
            await _listener.Listen(StartListening, Hear, _ =>
            {
                // Notifications from before this moment were missed.
                RaiseAll();
                return Task.CompletedTask;
            }, async connection =>
            {
                var now = await connection.Statement(ReadListening).List(row => row.GetInt32(0), stopping);
                if (!listening.IsSubsetOf(now)) RaiseAll();
                listening = [.. now];
                Interlocked.Exchange(ref _currentAt, clock.GetTimestamp());
            }, stopping);
        }
        finally
        {
            Interlocked.Exchange(ref _currentAt, 0);
        }
    }

    void Hear(string payload)
    {
        if (payload.StartsWith(_self, StringComparison.Ordinal)) return;
        var told = payload.AsSpan(payload.IndexOf(' ', StringComparison.Ordinal) + 1);
        if (told is Everything)
        {
            RaiseAll();
            return;
        }
        foreach (var range in told.Split(','))
            if (int.TryParse(told[range], CultureInfo.InvariantCulture, out var part) && part is >= 0 and < Parts)
                Raise(part);
    }

    async Task Tell(CancellationToken stopping)
    {
        while (true)
        {
            await _hasUntold.WaitAsync(stopping);
            var told = Take();
            try
            {
                await db.Statement(Notify).With($"{_self} {told}").Value<object>(CancellationToken.None);
            }
            catch (NpgsqlException)
            {
                InvalidateAll();
                throw;
            }
            await Task.Delay(BetweenTellings, clock, stopping);
        }
    }

    string Take()
    {
        lock (_untoldLock)
        {
            var told = _everythingIsUntold || _untold.Count > MostPartsTold ? Everything : string.Join(',', _untold);
            (_untold, _everythingIsUntold) = ([], false);
            return told;
        }
    }

    void Wake()
    {
        // One signal is enough, because its receiver sends every part that waits.
        try
        {
            if (_hasUntold.CurrentCount == 0) _hasUntold.Release();
        }
        catch (SemaphoreFullException)
        {
            // Another thread woke it between the two.
        }
    }

    void Raise(int part)
    {
        Interlocked.Increment(ref _parts[part]);
        Interlocked.Increment(ref _any);
    }

    void RaiseAll()
    {
        Interlocked.Increment(ref _everything);
        Interlocked.Increment(ref _any);
    }

    /// <summary>The part of an id, the same on every replica, so not by GetHashCode. The last bytes of a version 7 UUID
    /// are random.</summary>
    static int PartOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes);
        return (bytes[14] << 8 | bytes[15]) % Parts;
    }

    public override void Dispose()
    {
        _hasUntold.Dispose();
        base.Dispose();
    }

    const string StartListening = "listen " + Channel;

    // The listeners of this database, this one among them.
    const string ReadListening = $"""
        select pid from pg_stat_activity
         where datname = current_database() and application_name = '{Listener}'
        """;

    const string Notify = "select pg_notify('" + Channel + "', $1)";
}
