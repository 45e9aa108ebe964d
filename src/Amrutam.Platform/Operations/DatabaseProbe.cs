using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Platform.Operations;

/// <summary>Shows whether the database answers through the serving pool, within a limit.</summary>
/// <remarks>
/// A frozen database and an exhausted pool give no answer and no error, so the question is asked apart from its wait.
/// One question is open at a time: more of them would take connections from requests. An answer that comes late counts
/// for the probe that waits then.
/// </remarks>
sealed class DatabaseProbe(NpgsqlDataSource db, TimeProvider clock)
{
    // Probes of load balancers wait for two seconds, and a busy machine takes some of them.
    static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    // Its connection may have lost its server without a word, so another one is asked then.
    static readonly TimeSpan LongestQuestion = TimeSpan.FromSeconds(20);

    readonly Lock _lock = new();
    Task<bool> _question = Task.FromResult(false);
    long _asked;

    /// <returns>True if the database answers within a second.</returns>
    public async Task<bool> Answers(CancellationToken ct)
    {
        var question = Ask();
        await ((Task)question.WaitAsync(LongestWait, clock, ct)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return question.IsCompletedSuccessfully && await question;
    }

    Task<bool> Ask()
    {
        lock (_lock)
        {
            if (_question.IsCompleted || clock.GetElapsedTime(_asked) > LongestQuestion)
                (_question, _asked) = (Ping(), clock.GetTimestamp());
            return _question;
        }
    }

    async Task<bool> Ping()
    {
        try
        {
            return await db.Statement(Question).Value<int>(CancellationToken.None) == 1;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    const string Question = "select 1";
}
