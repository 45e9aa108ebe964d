using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Platform.EventLog;

/// <summary>The position up to which the event log is settled: events that become visible later have greater
/// positions.</summary>
/// <remarks> <para>Positions are drawn in order, and become visible out of order, when their transactions end. Every
/// writer of the log holds its ROW EXCLUSIVE lock from before it draws a position to the end of its transaction. One
/// look sees which writers hold the lock, and which event is the newest visible one. When those writers are gone at a
/// later look, every position up to that event is settled. A look is one statement: its snapshot, which gives the
/// newest event, is older than its view of the locks.</para> <para>The order of positions is causal, and that of
/// transactions' ids is not. A transaction may get its id early, wait for a row, and only then draw its position. A
/// position within the transactions that are older than every running one was rejected: any third transaction between
/// the two parts them. Transactions that write no events are not waited for: a long report, a dump, another database of
/// the cluster.</para> </remarks>
sealed class EventLogWatermark(NpgsqlDataSource db) : IDisposable
{
    /// <param name="Settled">Every event up to this position is visible to the next statement, or never will
    /// be.</param>
    /// <param name="Newest">The last event that is visible now.</param>
    public readonly record struct View(long Settled, long Newest);

    sealed record Writers(long Newest, HashSet<string> Open);

    // If one look overtook another, it would take writers who have not begun yet for writers who are gone.
    readonly SemaphoreSlim _turn = new(1);
    Writers? _waitingFor;
    long _settled;

    /// <summary>Looks once. While events are written steadily, a look settles the newest event of the look
    /// before.</summary>
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
        // A log that became shorter is another log: the database was restored to an earlier time.
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
