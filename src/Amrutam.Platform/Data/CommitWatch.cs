using Npgsql;

namespace Amrutam.Platform.Data;

/// <summary>The commit may or may not have reached the synchronous standby, so the answer reports neither success nor
/// failure.</summary>
sealed class CommitOutcomeUnknownException() : Exception("the outcome of the commit is unknown");

/// <summary>Notices when PostgreSQL gives up waiting for its synchronous standby.</summary>
/// <remarks>
/// PostgreSQL then answers the commit with success and a warning. The row is on the primary alone, and a failover loses
/// it. So the response is 503 "outcome unknown" and never 2xx. PostgreSQL translates the text of the warning, and its
/// code is the general one. So this class compares the name of the function that waits, which is the same in every
/// language and version. Each pool asks for warnings, whatever the login's own setting is.
/// </remarks>
sealed class CommitWatch
{
    const string WaitForStandby = "SyncRepWaitForLSN";
    bool _unknown;

    public static CommitWatch On(NpgsqlConnection connection)
    {
        var watch = new CommitWatch();
        connection.Notice += watch.Look;
        return watch;
    }

    public void ThrowIfUnknown()
    {
        if (_unknown) throw new CommitOutcomeUnknownException();
    }

    /// <summary>Checks at the start that warnings arrive with the name of their function. A proxy or a pooler could
    /// drop them.</summary>
    /// <exception cref="StartupException">They do not arrive, so a lost commit could look like a safe one.</exception>
    public static async Task Check(NpgsqlDataSource db, CancellationToken ct)
    {
        var seen = false;
        await using var connection = await db.OpenConnectionAsync(ct);
        connection.Notice += (_, notice) => seen |= notice.Notice.Routine is { Length: > 0 };
        await connection.Statement(Warn).Execute();
        if (!seen)
            throw new StartupException("PostgreSQL's warnings do not reach the server in full, so it could not notice "
                + "a commit that no standby has. Connect to PostgreSQL without what drops them.");
    }

    void Look(object sender, NpgsqlNoticeEventArgs notice) =>
        _unknown |= string.Equals(notice.Notice.Routine, WaitForStandby, StringComparison.Ordinal);

    const string Warn = "do $$ begin raise warning 'amrutam asks for a warning'; end $$";
}

/// <summary>Commits that others can see already and no standby has yet.</summary>
static class VisibleCommits
{
    /// <summary>Returns when all that this server has read so far is on the synchronous standby too. Without one it
    /// returns at once.</summary>
    /// <remarks>PostgreSQL shows a commit to others when its own client gave up the wait for the standby, and a
    /// failover then loses it. So nothing leaves the database for good before this returns. It commits a mark of its
    /// own, which is behind all that was visible.</remarks>
    /// <exception cref="CommitOutcomeUnknownException">The standby does not answer.</exception>
    public static Task AwaitStandby(this NpgsqlDataSource db) =>
        db.InTransaction(connection => connection.Statement(Mark).Execute());

    const string Mark = "select pg_logical_emit_message(true, 'amrutam', '')";
}
