using System.Text.Json;
using System.Text.RegularExpressions;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Npgsql;

namespace Amrutam.Platform.Http;

/// <summary>Turns each exception into its problem. Only an unexpected exception is a 500, and that reveals nothing of
/// the inside.</summary>
/// <remarks> The framework's handler is not used because it forgets the route and runs the end of the pipeline again. A
/// response with a refusing status and no body (404, 405, 415 of routing) gets its problem here too. </remarks>
sealed partial class ExceptionMiddleware(RequestDelegate next, ProblemCatalogue catalogue,
    ILogger<ExceptionMiddleware> log)
{
    public async Task Invoke(HttpContext http)
    {
        try
        {
            await next(http);
            if (http.Response is not { HasStarted: false, StatusCode: >= 400, ContentType: null, ContentLength: null })
                return;
            HeadRequests.AllowWithGet(http.Response);
            await ProblemResponses.Write(http, CommonProblems.ForStatus(http.Response.StatusCode));
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested && !http.Response.HasStarted)
        {
            http.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        }
        catch (Exception e) when (!http.Response.HasStarted)
        {
            await Answer(http, e);
        }
    }

    Task Answer(HttpContext http, Exception exception)
    {
        var (problem, detail, errors) = Meaning(Cause(exception));
        // A read conflicts with nothing. If a constraint refuses its record, that is the server's own fault.
        if (problem.Status == StatusCodes.Status409Conflict && HttpMethods.IsGet(http.Request.Method))
            problem = CommonProblems.Failed;
        if (problem == CommonProblems.Failed) LogUnforeseen(exception, RequestLog.Method(http), RequestLog.Route(http));
        http.Response.Clear();
        return ProblemResponses.Write(http, problem, detail, errors);
    }

    /// <summary>The failure of the database that the exception wraps; else the exception itself.</summary>
    static Exception Cause(Exception exception) =>
        exception is BadHttpRequestException ? exception : Database.FailureIn(exception) ?? exception;

    (Problem Problem, string? Detail, Dictionary<string, string[]>? Errors) Meaning(Exception exception) =>
        exception switch
        {
            BadHttpRequestException { InnerException: JsonException json } => MalformedJson(json),
            BadHttpRequestException { StatusCode: 400 } bad => Malformed(bad.Message),
            BadHttpRequestException bad => (CommonProblems.ForStatus(bad.StatusCode), null, null),
            JsonException json => MalformedJson(json),
            OverloadedException => (CommonProblems.Overloaded, null, null),
            ChangedMeanwhileException => (CommonProblems.Conflict, null, null),
            CommitOutcomeUnknownException => (CommonProblems.OutcomeUnknown, null, null),
            PostgresException postgres => (Meaning(postgres), null, null),
            NpgsqlException { InnerException: TimeoutException } => (CommonProblems.Overloaded, null, null),
            NpgsqlException => (CommonProblems.DatabaseAway, null, null),
            // This cancellation is not the caller's, which was handled above. The server is stopping.
            OperationCanceledException => (CommonProblems.Overloaded, null, null),
            _ => (CommonProblems.Failed, null, null),
        };

    /// <summary>A refusal by a database rule has the rule's name as its code, also where the code did not expect
    /// it.</summary>
    Problem Meaning(PostgresException postgres) => postgres.SqlState switch
    {
        PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.ExclusionViolation or PostgresErrorCodes.CheckViolation
            or PostgresErrorCodes.ForeignKeyViolation =>
                catalogue.All.GetValueOrDefault(postgres.ConstraintName ?? "", CommonProblems.Conflict),
        PostgresErrorCodes.CharacterNotInRepertoire or PostgresErrorCodes.UntranslatableCharacter
            or PostgresErrorCodes.NumericValueOutOfRange or PostgresErrorCodes.DatetimeFieldOverflow =>
                CommonProblems.Invalid,
        PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected
            or PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.TooManyConnections => CommonProblems.Overloaded,
        PostgresErrorCodes.LockNotAvailable => CommonProblems.AnotherChangeRuns,
        PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow
            or PostgresErrorCodes.ReadOnlySqlTransaction => CommonProblems.DatabaseAway,
        _ => CommonProblems.Failed,
    };

    /// <summary>Names the member that could not be read, in the words of JSON and not of the program.</summary>
    static (Problem, string?, Dictionary<string, string[]>?) MalformedJson(JsonException json)
    {
        if (Missing().Match(json.Message) is { Success: true } missing)
        {
            var names = Quoted().Matches(missing.Groups["names"].Value).Select(m => m.Groups["name"].Value).ToList();
            return (CommonProblems.Malformed, "Missing: " + string.Join(", ", names),
                names.ToDictionary(n => n, _ => new[] { "is required" }, StringComparer.Ordinal));
        }
        var member = json.Path is ['$', '.', .. var path] ? path : "";
        return member.Length is 0 or > 100
            ? (CommonProblems.Malformed, "The body is not valid JSON for this route.", null)
            : Wrong(member, What(json.Message));
    }

    static string What(string message) =>
        message.StartsWith("must ", StringComparison.Ordinal) ? message.Split(" Path:")[0].TrimEnd('.')
        : message.Contains("could not be mapped", StringComparison.Ordinal) ? "is not known here"
        : message.Contains("uplicate", StringComparison.Ordinal) ? "is there twice"
        : "has a value of the wrong type or form";

    /// <summary>The framework's sentences name C# types and parameters, so they are replaced by sentences about the
    /// request. Our own sentences are not changed.</summary>
    static (Problem, string?, Dictionary<string, string[]>?) Malformed(string message)
    {
        if (message.Contains("no body was provided", StringComparison.Ordinal)
            || message.Contains("from body", StringComparison.Ordinal))
            return (CommonProblems.Malformed, "A JSON body is required.", null);
        if (Parameter().Match(message) is not { Success: true } match)
            return (CommonProblems.Malformed, FrameworkSays().IsMatch(message) ? null : message, null);
        var name = JsonNamingPolicy.SnakeCaseLower.ConvertName(match.Groups["name"].Value);
        return Wrong(name, match.Value.StartsWith('R') ? "is required"
            : QueryTime.Wanted(match.Groups["type"].Value) ?? "has a value of the wrong type or form");
    }

    static (Problem, string?, Dictionary<string, string[]>?) Wrong(string name, string error) =>
        (CommonProblems.Malformed, name + " " + error, new(StringComparer.Ordinal) { [name] = [error] });

    const RegexOptions Named = RegexOptions.ExplicitCapture;

    [GeneratedRegex("missing required properties including: (?<names>.*)$", Named, matchTimeoutMilliseconds: 100)]
    private static partial Regex Missing();

    [GeneratedRegex("'(?<name>[^']+)'", Named, matchTimeoutMilliseconds: 100)]
    private static partial Regex Quoted();

    [GeneratedRegex("^(Failed to bind|Required) parameter \"(?<type>\\S+) (?<name>\\w+)\"", Named,
        matchTimeoutMilliseconds: 100)]
    private static partial Regex Parameter();

    [GeneratedRegex("request content|request body|media type|parameter|chunk|JSON|form", Named,
        matchTimeoutMilliseconds: 100)]
    private static partial Regex FrameworkSays();

    [LoggerMessage(Level = LogLevel.Error, Message =
        "unexpected failure in {Method} {Route}; report it with its trace id")]
    partial void LogUnforeseen(Exception exception, string method, string route);
}
