using Npgsql;

namespace Amrutam.Platform.Data;

/// <summary>The commit may or may not have reached the synchronous standby, so neither success nor failure may be
/// told.</summary>
sealed class CommitOutcomeUnknownException() : Exception("the outcome of the commit is unknown");

/// <summary>Notices when PostgreSQL gives up waiting for its synchronous standby.</summary>
/// <remarks>
/// PostgreSQL then answers the commit with success and only a warning. The row is on the primary alone and is gone
/// after a failover, so an answer that rests on it is 503 "outcome unknown", never 2xx. The warning carries no code
/// of its own (it is 01000, as many are), so its text is looked at; the server is started with English messages.
/// </remarks>
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
