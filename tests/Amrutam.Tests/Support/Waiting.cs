using System.Diagnostics;
using System.Runtime.CompilerServices;
using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Tests.Support;

/// <summary>Waits for events, with one limit for all tests.</summary>
/// <remarks>A fast machine waits shortly, and a busy one has time.</remarks>
static class Waiting
{
    /// <summary>Longer than a busy machine takes for any event of a test.</summary>
    static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    static readonly TimeSpan Between = TimeSpan.FromMilliseconds(5);

    /// <exception cref="ShouldAssertException">The condition did not hold within the limit.</exception>
    public static async Task Until(Func<Task<bool>> holds,
        [CallerArgumentExpression(nameof(holds))] string condition = "")
    {
        for (var watch = Stopwatch.StartNew(); !await holds(); await Task.Delay(Between))
            watch.Elapsed.ShouldBeLessThan(Limit, $"waited in vain until {condition}");
    }

    /// <inheritdoc cref="Until(Func{Task{bool}}, string)"/>
    public static Task Until(Func<bool> holds, [CallerArgumentExpression(nameof(holds))] string condition = "") =>
        Until(() => Task.FromResult(holds()), condition);

    /// <summary>Asks repeatedly until an answer is wanted, and returns that answer.</summary>
    public static async Task<T> First<T>(Func<Task<T>> ask, Func<T, bool> wanted,
        [CallerArgumentExpression(nameof(wanted))] string condition = "")
    {
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(Between))
        {
            var answer = await ask();
            if (wanted(answer)) return answer;
            watch.Elapsed.ShouldBeLessThan(Limit, $"waited in vain for {condition}; the last answer was {answer}");
        }
    }

    /// <summary>Holds a task up for a moment, so that the other tasks of a race get in between.</summary>
    /// <remarks>No assertion may depend on this time. A test that needs an event waits for the event.</remarks>
    public static Task Pause(int milliseconds) => Task.Delay(milliseconds);

    /// <summary>Waits until a session of this database waits for a lock.</summary>
    /// <param name="owner">A data source of the database.</param>
    /// <param name="statement">A LIKE pattern for the statement that waits.</param>
    public static Task UntilOneWaitsForALock(this NpgsqlDataSource owner, string statement = "%") =>
        Until(() => owner.Statement(WaitsForALock).With(statement).Value<bool>(), "a session waits for a lock");

    const string WaitsForALock = """
        select exists (select from pg_stat_activity
           where datname = current_database() and wait_event_type = 'Lock' and query like $1)
        """;
}
