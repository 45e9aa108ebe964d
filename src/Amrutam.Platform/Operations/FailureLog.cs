using System.Net.Sockets;
using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Platform.Operations;

/// <summary>Logs failures of jobs, readers of events and listeners: one line for each kind of failure and minute, with
/// the number of the others.</summary>
/// <remarks>
/// All parts fail many times a minute while the database is away. That is one kind of failure, whichever part it stops,
/// and its line has no stack. Any other failure is a kind of its part, and its first line has the stack. A line never
/// has an exception's message, which may quote data.
/// </remarks>
sealed partial class FailureLog(ILogger<FailureLog> log, TimeProvider clock) : IDisposable
{
    // There are a few dozen parts, each with a few ways to fail.
    const int MostKinds = 500;

    static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    readonly Lock _lock = new();
    readonly Dictionary<string, Kind> _kinds = new(StringComparer.Ordinal);

    sealed class Kind(ITimer minute)
    {
        public ITimer Minute => minute;

        /// <summary>The failures since the last line.</summary>
        public int Count { get; set; }

        public SortedSet<string> Parts { get; } = new(StringComparer.Ordinal);
    }

    /// <param name="part">The name of the part that failed, and that tries again.</param>
    public void Report(string part, Exception exception)
    {
        var (failure, isOfTheDatabase) = Name(exception);
        if (!IsFirst(isOfTheDatabase ? failure : part + ' ' + failure, part, failure)) return;
        if (isOfTheDatabase) LogAway(part, failure);
        else LogFailed(exception, part, failure);
    }

    bool IsFirst(string kind, string part, string failure)
    {
        lock (_lock)
        {
            if (_kinds.TryGetValue(kind, out var known))
            {
                known.Count++;
                known.Parts.Add(part);
                return false;
            }
            if (_kinds.Count < MostKinds)
                _kinds.Add(kind, new(clock.CreateTimer(_ => EndMinute(kind, failure), state: null, Window, Window)));
            return true;
        }
    }

    /// <summary>Logs what the minute counted. A kind without failures for a minute is forgotten.</summary>
    void EndMinute(string kind, string failure)
    {
        int count;
        string parts;
        lock (_lock)
        {
            if (!_kinds.TryGetValue(kind, out var known)) return;
            (count, parts) = (known.Count, string.Join(", ", known.Parts));
            known.Count = 0;
            known.Parts.Clear();
            if (count == 0 && _kinds.Remove(kind)) known.Minute.Dispose();
        }
        if (count > 0) LogMore(count, failure, parts);
    }

    /// <returns>The name of the failure without any data, and whether the database is the cause.</returns>
    static (string Failure, bool IsOfTheDatabase) Name(Exception exception) =>
        Database.FailureIn(exception) switch
        {
            PostgresException e => (e.SqlState, e.IsTransient || e.SqlState is ['5', '7', ..]
                || e.SqlState == PostgresErrorCodes.ReadOnlySqlTransaction),
            { InnerException: SocketException e } => (e.SocketErrorCode.ToString(), true),
            { } e => ((e.InnerException ?? e).GetType().Name, true),
            null => (exception.GetType().Name, exception is CommitOutcomeUnknownException or OverloadedException
                or TimeoutException or OperationCanceledException),
        };

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var kind in _kinds.Values) kind.Minute.Dispose();
            _kinds.Clear();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Part} failed ({Failure}) and is tried again; "
        + "failures of this kind are counted for a minute")]
    partial void LogAway(string part, string failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Part} failed ({Failure}) and is tried again; "
        + "its failures of this kind are counted for a minute")]
    partial void LogFailed(Exception exception, string part, string failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} more failures of the kind {Failure} "
        + "in the last minute, of {Part}")]
    partial void LogMore(int count, string failure, string part);
}
