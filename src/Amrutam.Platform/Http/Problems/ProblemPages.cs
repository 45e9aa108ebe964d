using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Platform.Http.Problems;

/// <summary>The page at the <c>type</c> of a problem: the rule and the remedy in plain words.</summary>
static class ProblemPages
{
    public static void MapProblemPages(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/problems/{code}", Handle).AllowAnonymous().WithTags("Problems").WithName("ReadProblem")
            .WithSummary("Read what a problem means")
            .WithDescription(
                "The address in the `type` of a problem: the rule in plain words, and how to go "
                + "on.")
            .Produces<string>(200, "text/plain")
            .WithProblems(CommonProblems.Absent)
            .Example("code", CommonProblems.Absent.Code);

    static Results<ContentHttpResult, ProblemHttpResult> Handle(string code, ProblemCatalogue catalogue) =>
        catalogue.All.TryGetValue(code, out var problem)
            ? TypedResults.Text(
                $"{problem.Code} (status {problem.Status})\n\n{problem.Title}.\n\n{Advice(problem.Status)}\n")
            : CommonProblems.NotFound();

    static string Advice(int status) => status switch
    {
        400 => "The form of the request is wrong, and \"detail\" says where. Correct it before you send it again.",
        401 => "Sign in, or refresh the access token, and ask again.",
        403 => "Another role is needed. Asking again does not help.",
        404 => "Check the address. A thing that you may not see gets the same answer as one that does not exist.",
        405 or 406 or 413 or 415 or 431 => "The request does not fit this address; /api-docs describes those that do.",
        408 => "Send the whole request at once, over a connection that is fast enough.",
        409 => "The request conflicts with the present state. Read it again, and change the request.",
        412 or 428 => "Read the resource again and send its ETag in If-Match.",
        422 => "The request breaks a rule, and \"errors\" names the wrong fields, if any. Correct the request.",
        429 => "Wait for the seconds in Retry-After, then send the request again.",
        503 => "Send the request again after Retry-After; with an Idempotency-Key nothing is done twice.",
        _ => "The request is not known to be wrong. Try again, or give the operator the trace_id.",
    };
}
