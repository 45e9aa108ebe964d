using System.Text.Json;
using System.Text.Json.Nodes;
using Amrutam.Platform.Http.Problems;

namespace Amrutam.Platform.Http;

/// <summary>Answers when everything else failed, the answer to a failure included.</summary>
/// <remarks>Only the security headers and the log come before it. It needs no service, no setting and no
/// page.</remarks>
sealed partial class LastResort(RequestDelegate next, ILogger<LastResort> log)
{
    public async Task Invoke(HttpContext http)
    {
        try
        {
            await next(http);
        }
        catch (Exception e) when (!http.Response.HasStarted && !http.RequestAborted.IsCancellationRequested)
        {
            LogFailed(e, RequestLog.Method(http), RequestLog.Route(http));
            http.Response.Clear();
            await Write(http);
        }
    }

    static Task Write(HttpContext http)
    {
        var problem = CommonProblems.Failed;
        var body = JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["type"] = problem.Type, ["title"] = problem.Title, ["status"] = problem.Status, ["detail"] = problem.Title,
            ["code"] = problem.Code, ["trace_id"] = CommonProblems.Trace(),
        });
        http.Response.StatusCode = problem.Status;
        http.Response.ContentType = "application/problem+json";
        http.Response.ContentLength = body.Length;
        return http.Response.Body.WriteAsync(body, 0, body.Length);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "the answer to {Method} {Route} failed")]
    partial void LogFailed(Exception exception, string method, string route);
}
