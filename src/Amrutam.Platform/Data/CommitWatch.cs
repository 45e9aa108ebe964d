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
