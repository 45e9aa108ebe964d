namespace Amrutam.Platform;

/// <summary>One line per request: method, route pattern (never the path, which carries ids), status, duration,
/// trace.</summary>
sealed partial class RequestLog(RequestDelegate next, ILogger<RequestLog> log, TimeProvider clock)
{
    public async Task Invoke(HttpContext http)
    {
        var began = clock.GetTimestamp();
        try
        {
            await next(http);
        }
        finally
        {
            if (log.IsEnabled(LogLevel.Information))
                LogRequest(http.Request.Method, Route(http), http.Response.StatusCode, clock
                    .GetElapsedTime(began).TotalMilliseconds, Problems.Trace());
        }
    }

    public static string Route(HttpContext http) =>
        (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "unknown";

    [LoggerMessage(Level = LogLevel.Information, Message = "{Method} {Route} {Status} {Milliseconds:0.0} ms {Trace}")]
    partial void LogRequest(string method, string route, int status, double milliseconds, string trace);
}
