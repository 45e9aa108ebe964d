using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace Amrutam.Portal.Parts;

/// <summary>Writes a problem as a page for browsers; other clients get JSON.</summary>
/// <remarks>A problem's result calls this service first, and writes JSON when it returns false.</remarks>
sealed class ProblemsAsPages : IProblemDetailsService
{
    static readonly MediaTypeHeaderValue Html = new("text/html");
    static readonly string[] ForPrograms = ["/api", "/health", "/.well-known", "/openapi", "/problems"];

    public async ValueTask<bool> TryWriteAsync(ProblemDetailsContext context)
    {
        var http = context.HttpContext;
        if (!IsForAPerson(http.Request)) return false;
        var status = context.ProblemDetails.Status ?? http.Response.StatusCode;
        var code = context.ProblemDetails.Extensions["code"] as string;
        if (HttpsOnly.Refuses(http))
        {
            await HttpsOnly.Write(http, status);
            return true;
        }
        if (code == PortalSecondFactor.Needed && HttpMethods.IsGet(http.Request.Method))
        {
            http.Response.Redirect(PageAccess.Enrolment);
            return true;
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
        return true;
    }

    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        if (!await TryWriteAsync(context)) await context.HttpContext.Response.WriteAsJsonAsync(context.ProblemDetails);
    }

    static bool IsForAPerson(HttpRequest request) =>
        !ForPrograms.Any(path => request.Path.StartsWithSegments(path, StringComparison.Ordinal))
        && request.GetTypedHeaders().Accept.Any(accepted => Html.IsSubsetOf(accepted) && !accepted.MatchesAllTypes);
}
