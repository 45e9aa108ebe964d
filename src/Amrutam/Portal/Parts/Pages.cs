using Amrutam.Portal.Api;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Portal.Parts;

/// <summary>Results of page routes.</summary>
static class Pages
{
    /// <summary>A page with its status, which is the status of the API's refusal if it shows one.</summary>
    public static RazorComponentResult<TPage> Show<TPage>(object parameters, ApiProblem? problem = null)
        where TPage : IComponent => new(parameters) { StatusCode = problem?.Status ?? StatusCodes.Status200OK };

    /// <summary>The page of a refusal that leaves nothing else to show.</summary>
    public static RazorComponentResult<ProblemPage> Refuse(ApiProblem? problem)
    {
        var status = problem?.Status ?? StatusCodes.Status404NotFound;
        return new(new { Status = status, Code = problem?.Code, Trace = Platform.Http.Problems.CommonProblems.Trace() })
        {
            StatusCode = status,
        };
    }
}
