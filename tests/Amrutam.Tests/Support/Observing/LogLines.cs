using System.Collections.Concurrent;
using Amrutam.Platform.Http.Problems;
using Microsoft.Extensions.Logging;

namespace Amrutam.Tests.Support.Observing;

/// <summary>Log lines, each with the trace in which it was written.</summary>
sealed class LogLines<T> : ILogger<T>
{
    public ConcurrentQueue<(string Text, string Trace, bool HasStack)> Written { get; } = [];

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter) =>
        Written.Enqueue((formatter(state, exception), CommonProblems.Trace(), exception is not null));
}
