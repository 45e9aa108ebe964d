using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Platform.Http.Problems;

/// <summary>Counts each problem that a response contains, by its code. The problem of a limit also counts as a
/// refusal of that limit.</summary>
/// <remarks>A problem is counted where it is written and not where it is made, because some are never written. A page
/// shows its own text, and a series skips the visit. The framework writes the result of a handler, so a filter
/// around every route sees it. Middleware and stored responses write themselves, and count themselves.</remarks>
sealed class ProblemMeter(IMeterFactory meters, LimitMeter limits, ProblemCatalogue catalogue)
{
    readonly Counter<long> _answered = meters.Create("Amrutam.Problems")
        .CreateCounter<long>("amrutam.problems", "{answer}", "Problems that were answered, by the rule's code");

    /// <summary>Counts the problem that this server writes now.</summary>
    public static void Count(HttpContext http, string code) =>
        http.RequestServices.GetRequiredService<ProblemMeter>().Count(code);

    /// <summary>The routes whose handlers' problems are counted: all that are mapped on the returned builder.</summary>
    public static IEndpointRouteBuilder Counted(IEndpointRouteBuilder routes) =>
        routes.MapGroup("").AddEndpointFilter(async (context, next) =>
        {
            var result = await next(context);
            if ((result is INestedHttpResult nested ? nested.Result : result) is ProblemHttpResult problem
                && problem.Code() is { } code)
                Count(context.HttpContext, code);
            return result;
        });

    void Count(string code)
    {
        _answered.Add(1, new KeyValuePair<string, object?>("amrutam.problem.code", code));
        if (catalogue.All.TryGetValue(code, out var problem) && problem.IsLimit) limits.Count(code);
    }
}
