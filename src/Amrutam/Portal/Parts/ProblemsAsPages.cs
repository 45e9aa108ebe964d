using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

namespace Amrutam.Portal.Parts;

/// <summary>Writes a problem as a page for browsers; other clients get JSON.</summary>
/// <remarks>A problem's result calls this service first, and writes JSON when it returns false. A page that fails is
/// such a case, so that the problem itself is answered and not the failure of its page.</remarks>
sealed partial class ProblemsAsPages(ILogger<ProblemsAsPages> log) : IProblemDetailsService
{
    static readonly MediaTypeHeaderValue Html = new("text/html");
    static readonly string[] ForPrograms = ["/api", "/health", "/.well-known", "/openapi", "/problems"];

    public async ValueTask<bool> TryWriteAsync(ProblemDetailsContext context)
    {
        var http = context.HttpContext;
        if (!IsForAPerson(http.Request)) return false;
        try
        {
            await Write(http, context.ProblemDetails);
            return true;
        }
        // As without the database, which has the keys of the page's forms. JSON needs nothing.
        catch (Exception e) when (!http.Response.HasStarted)
        {
            LogFailed(e);
            http.Response.ContentType = null;
            return false;
        }
    }

    static async Task Write(HttpContext http, ProblemDetails problem)
    {
        var status = problem.Status ?? http.Response.StatusCode;
        var code = problem.Extensions["code"] as string;
        if (HttpsOnly.Refuses(http))
        {
            await HttpsOnly.Write(http, status);
            return;
        }
        if (code == PortalSecondFactor.Needed && HttpMethods.IsGet(http.Request.Method))
        {
            http.Response.Redirect(PageAccess.Enrolment);
            return;
        }
        // The page has forms, whose tokens belong to the signed-in person; an unknown path did not authenticate.
        http.User = (await http.AuthenticateAsync(PortalSignIn.Scheme)).Principal ?? http.User;
        var page = new RazorComponentResult<ProblemPage>(new
        {
            Status = status, Code = code, Trace = CommonProblems.Trace(),
        })
        {
            StatusCode = status,
        };
        await page.ExecuteAsync(http);
    }

    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        if (!await TryWriteAsync(context)) await context.HttpContext.Response.WriteAsJsonAsync(context.ProblemDetails);
    }

    static bool IsForAPerson(HttpRequest request) =>
        !ForPrograms.Any(path => request.Path.StartsWithSegments(path, StringComparison.OrdinalIgnoreCase))
        && request.GetTypedHeaders().Accept.Any(accepted => Html.IsSubsetOf(accepted) && !accepted.MatchesAllTypes);

    [LoggerMessage(Level = LogLevel.Error, Message = "the page of a problem failed; JSON is sent instead")]
    partial void LogFailed(Exception exception);
}
