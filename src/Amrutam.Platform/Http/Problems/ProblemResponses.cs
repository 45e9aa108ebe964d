using System.Collections.Frozen;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Amrutam.Platform.Http.Problems;

/// <summary>Responses in application/problem+json (RFC 9457).</summary>
static class ProblemResponses
{
    /// <summary>The result of a handler that refuses.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="detail">A sentence about this request; null for the problem's title.</param>
    /// <param name="extensions">Further members of the body.</param>
    public static ProblemHttpResult Because(
        this Problem problem, string? detail = null, IDictionary<string, object?>? extensions = null) =>
        TypedResults.Problem(Details(problem, detail, extensions));

    /// <summary>A problem of one field, which the body names as <see cref="CommonProblems.Invalid"/> does.</summary>
    public static ProblemHttpResult About(this Problem problem, string field, string? detail = null) =>
        problem.Because(detail, Errors(new Dictionary<string, string[]>(StringComparer.Ordinal)
        {
            [field] = [detail ?? problem.Title],
        }));

    /// <summary>Writes a problem outside an endpoint: from middleware or a challenge.</summary>
    public static Task Write(HttpContext http, Problem problem, string? detail = null,
        IReadOnlyDictionary<string, string[]>? errors = null)
    {
        http.Response.StatusCode = problem.Status;
        ProblemMeter.Count(http, problem.Code);
        return problem.Because(detail, errors is null ? null : Errors(errors)).ExecuteAsync(http);
    }

    /// <returns>The problem's code; null for a problem that is not ours.</returns>
    public static string? Code(this ProblemHttpResult result) => result.ProblemDetails.Extensions["code"] as string;

    internal static Dictionary<string, object?> Errors(IReadOnlyDictionary<string, string[]> errors) =>
        new(StringComparer.Ordinal) { ["errors"] = errors };

    static ProblemDetails Details(Problem problem, string? detail, IDictionary<string, object?>? extensions)
    {
        var details = new ProblemDetails
        {
            Type = problem.Type,
            Title = problem.Title,
            Status = problem.Status,
            Detail = detail ?? problem.Title,
            Extensions = { ["code"] = problem.Code, ["trace_id"] = CommonProblems.Trace() },
        };
        foreach (var (name, value) in extensions ?? FrozenDictionary<string, object?>.Empty)
            details.Extensions[name] = value;
        return details;
    }
}
