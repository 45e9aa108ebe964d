using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Diagnostics;
using Npgsql;

namespace Amrutam.Platform;

/// <summary>Turns what was thrown into the one problem it means; only what nobody foresaw is a 500, and that says
/// nothing of the inside.</summary>
sealed partial class Failures(ILogger<Failures> log) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext http, Exception exception, CancellationToken ct)
    {
        if (http.RequestAborted.IsCancellationRequested && exception is OperationCanceledException)
        {
            http.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }
        var (problem, detail, errors) = Meaning(exception);
        if (problem.Status == StatusCodes.Status500InternalServerError) LogUnforeseen(exception, http.Request.Method,
            RequestLog.Route(http));
        await Problems.Write(http, problem, detail, errors is null ? null
            : new Dictionary<string, object?>(StringComparer.Ordinal) { ["errors"] = errors });
        return true;
    }

    static (Problem, string? Detail, Dictionary<string, string[]>? Errors) Meaning(Exception exception) =>
        exception switch
    {
        BadHttpRequestException { InnerException: JsonException json } => MalformedJson(json),
        BadHttpRequestException { StatusCode: 400 } bad => (Problems.Malformed, WithoutTypeNames(bad.Message), null),
        BadHttpRequestException bad => (Problems.ForStatus(bad.StatusCode), null, null),
        OverloadedException => (Problems.Overloaded, null, null),
        CommitOutcomeUnknownException => (Problems.OutcomeUnknown, null, null),
        PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected
            or PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.TooManyConnections } =>
                (Problems.Overloaded, null, null),
        PostgresException { SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
            or PostgresErrorCodes.CannotConnectNow } =>
            (Problems.DatabaseAway, null, null),
        PostgresException => (Problems.Failed, null, null),
        NpgsqlException => (Problems.DatabaseAway, null, null),
        _ => (Problems.Failed, null, null),
    };

    /// <summary>Names the member that could not be read, in the words of JSON and not of the program.</summary>
    static (Problem, string?, Dictionary<string, string[]>?) MalformedJson(JsonException json)
    {
        var missing = Missing().Match(json.Message);
        if (missing.Success)
        {
            var names = Quoted().Matches(missing.Groups["names"].Value).Select(m => m.Groups[1].Value).ToList();
            return (Problems.Malformed, "Missing: " + string.Join(", ", names), names
                .ToDictionary(n => n, _ => new[] { "is required" }, StringComparer.Ordinal));
        }
        var member = json.Path is ['$', '.', .. var path] ? path : "";
        if (member.Length is 0 or > 100) return (Problems.Malformed, "The body is not valid JSON for this route.",
            null);
        var error = json.Message.StartsWith("must be", StringComparison.Ordinal) ? json.Message.Split(" Path:")[0]
            .TrimEnd('.')
            : json.Message.Contains("could not be mapped", StringComparison.Ordinal) ? "is not known here"
            : json.Message.Contains("uplicate", StringComparison.Ordinal) ? "is there twice"
                : "has a value of the wrong type or form";
        return (Problems.Malformed, $"{member} {error}", new(StringComparer.Ordinal) { [member] = [error] });
    }

    /// <summary>The framework's sentences name C# types and parameters with their types; the parameter's name is
    /// enough.</summary>
    static string WithoutTypeNames(string message) => TypedParameter().Replace(message, "\"$1\"");

    [GeneratedRegex("missing required properties including: (?<names>.*)$", RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 100)]
    private static partial Regex Missing();

    [GeneratedRegex("'([^']+)'", RegexOptions.None, matchTimeoutMilliseconds: 100)]
    private static partial Regex Quoted();

    [GeneratedRegex("\"[A-Za-z0-9_<>.?,\\[\\]]+ (\\w+)\"", RegexOptions.None, matchTimeoutMilliseconds: 100)]
    private static partial Regex TypedParameter();

    [LoggerMessage(Level = LogLevel.Error, Message = "unforeseen failure in {Method} {Route}")]
    partial void LogUnforeseen(Exception exception, string method, string route);
}
