using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Platform.EventLog;

/// <summary>How far the event log is settled: whatever will still become visible stands after that position.</summary>
/// <remarks>
/// <para>Positions are drawn in order and become visible out of order, when their transactions end. Whoever writes to
/// the log holds its ROW EXCLUSIVE lock from before the position is drawn to the end of the transaction. So what was
/// drawn before the newest visible event is settled as soon as everybody who held that lock at one look is gone at a
/// later one. A look is one statement: its snapshot, which says what is newest, is older than its view of the
/// locks.</para>
/// <para>The order of positions is causal, that of transactions' ids is not: one that gets its id early, waits for a
/// row, and then changes it, draws its position after the one that it waited for. A position within the transactions
/// that are older than every running one was rejected: any third transaction between the two parts them. And nobody is
/// waited for who does not write events: a long report, a dump, another database of the cluster.</para>
/// </remarks>
sealed class EventLogWatermark(NpgsqlDataSource db) : IDisposable
{
    /// <param name="Settled">Every event up to here is visible to the next statement, or never will be.</param>
    /// <param name="Newest">The last event that is visible now.</param>
    public readonly record struct View(long Settled, long Newest);

    sealed record Writers(long Newest, HashSet<string> Open);

    // Looks that overtook each other would take writers who have not begun yet for writers who are gone.
    readonly SemaphoreSlim _turn = new(1);
    Writers? _waitingFor;
    long _settled;

    /// <summary>Looks once. Under steady writing a look settles what stood at the one before.</summary>
    public async Task<View> Read(CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            var now = await db.Statement(ReadWriters).One(row => new Writers(row.GetInt64(0),
                [.. row.GetFieldValue<string[]>(1)]), ct);
            Settle(now!);
            return new(_settled, now!.Newest);
        }
        finally
        {
            _turn.Release();
        }
    }

    void Settle(Writers now)
    {
        // A log that became shorter is another one: a database that was put back to an earlier time.
        if (now.Newest < _settled) (_settled, _waitingFor) = (0, null);
        if (_waitingFor is { } before)
        {
            if (before.Open.Overlaps(now.Open)) return;
            _settled = before.Newest;
        }
        if (now.Open.Count == 0) (_settled, _waitingFor) = (now.Newest, null);
        else _waitingFor = now;
    }

    public void Dispose() => _turn.Dispose();

    const string ReadWriters = """
        select coalesce((select position from audit.events order by position desc limit 1), 0),
               array(select l.virtualtransaction from pg_locks l
                      where l.locktype = 'relation' and l.relation = 'audit.events'::regclass
                        and l.database = (select d.oid from pg_database d where d.datname = current_database())
                        and l.mode = 'RowExclusiveLock' and l.granted)
        """;
}
