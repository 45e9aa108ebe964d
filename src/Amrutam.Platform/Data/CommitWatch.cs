using Npgsql;

namespace Amrutam.Platform.Data;

/// <summary>The commit may or may not have reached the synchronous standby, so the answer reports neither success nor
/// failure.</summary>
sealed class CommitOutcomeUnknownException() : Exception("the outcome of the commit is unknown");

/// <summary>Notices when PostgreSQL gives up waiting for its synchronous standby.</summary>
/// <remarks> PostgreSQL then answers the commit with success and a warning. The row is on the primary alone, and a
/// failover loses it. So the response is 503 "outcome unknown" and never 2xx. The warning has the general code 01000,
/// so this class compares its text. The server is started with English messages. </remarks>
sealed class CommitWatch
{
    const string GaveUp = "canceling wait for synchronous replication";
    const string GaveUpOnStop = "canceling the wait for synchronous replication";
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

    void Look(object sender, NpgsqlNoticeEventArgs notice) =>
        _unknown |= notice.Notice.MessageText.StartsWith(GaveUp, StringComparison.Ordinal)
            || notice.Notice.MessageText.StartsWith(GaveUpOnStop, StringComparison.Ordinal);
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
