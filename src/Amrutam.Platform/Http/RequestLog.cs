using System.Diagnostics;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Telemetry;

namespace Amrutam.Platform.Http;

/// <summary>Logs one line per request: method, route pattern (never the path, which has ids), status, duration,
/// trace.</summary>
sealed partial class RequestLog(RequestDelegate next, ILogger<RequestLog> log, TimeProvider clock)
{
    public async Task Invoke(HttpContext http)
    {
        // Without a listener the framework starts no activity, and the response would have no trace id.
        using var activity = Activity.Current is null ? new Activity("request").Start() : null;
        var began = clock.GetTimestamp();
        if (http.Request.Headers.TraceParent.Count > 0) http.Response.OnStarting(AnswerTrace, http);
        try
        {
            await next(http);
        }
        finally
        {
            if (Tracing.Recorded is { } recorded) Describe(recorded, http);
            if (log.IsEnabled(LogLevel.Information))
                LogRequest(Method(http), Route(http), http.Response.StatusCode, Milliseconds(began),
                    CommonProblems.Trace());
        }
    }

    /// <summary>Returns the trace to a caller who sent one, in W3C's <c>traceresponse</c>.</summary>
    static Task AnswerTrace(object state)
    {
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } id })
            ((HttpContext)state).Response.Headers["traceresponse"] = id;
        return Task.CompletedTask;
    }

    static void Describe(Activity span, HttpContext http)
    {
        var (method, route) = (Method(http), Route(http));
        span.DisplayName = method + ' ' + route;
        span.SetTag("http.request.method", method).SetTag("http.route", route)
            .SetTag("http.response.status_code", http.Response.StatusCode);
        if (http.Response.StatusCode >= StatusCodes.Status500InternalServerError)
            span.SetStatus(ActivityStatusCode.Error);
    }

    public static string Route(HttpContext http) =>
        (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "none";

    /// <summary>An unknown method is the caller's own text, which does not belong in a log.</summary>
    public static string Method(HttpContext http) =>
        HeadRequests.Method(http) is "GET" or "HEAD" or "POST" or "PUT" or "PATCH" or "DELETE" or "OPTIONS"
            ? HeadRequests.Method(http) : "other";

    double Milliseconds(long began) => Math.Round(clock.GetElapsedTime(began).TotalMilliseconds, 1);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Method} {Route} {Status} {Ms} ms {TraceId}")]
    partial void LogRequest(string method, string route, int status, double ms, string traceId);
}
