using System.Diagnostics;

namespace Amrutam.Platform;

/// <summary>One line per request: method, route pattern (never the path, which carries ids), status, duration,
/// trace.</summary>
sealed partial class RequestLog(RequestDelegate next, ILogger<RequestLog> log, TimeProvider clock)
{
    public async Task Invoke(HttpContext http)
    {
        // Without a listener the framework starts none, and an answer without a trace id cannot be found again.
        using var activity = Activity.Current is null ? new Activity("request").Start() : null;
        var began = clock.GetTimestamp();
        try
        {
            await next(http);
        }
        finally
        {
            if (log.IsEnabled(LogLevel.Information))
                LogRequest(Method(http), Route(http), http.Response.StatusCode, Milliseconds(began), Problems.Trace());
        }
    }

    public static string Route(HttpContext http) =>
        (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "none";

    /// <summary>A method of the caller's invention is the caller's text, and has no place in a log.</summary>
    static string Method(HttpContext http) =>
        http.Request.Method is "GET" or "HEAD" or "POST" or "PUT" or "PATCH" or "DELETE"
        or "OPTIONS" ? http.Request.Method : "other";

    double Milliseconds(long began) => Math.Round(clock.GetElapsedTime(began).TotalMilliseconds, 1);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Method} {Route} {Status} {Ms} ms {TraceId}")]
    partial void LogRequest(string method, string route, int status, double ms, string traceId);
}
