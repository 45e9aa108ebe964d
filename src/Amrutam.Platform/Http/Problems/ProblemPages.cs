using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Platform.Http.Problems;

/// <summary>What the <c>type</c> of a problem leads to: the rule, in plain words.</summary>
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
        400 => "Sending the same request again gets the same answer: its form is wrong, and \"detail\" says where.",
        401 => "Sign in, or refresh the access token, and ask again.",
        403 => "Another role is needed. Asking again does not help.",
        404 => "What does not exist and what is not yours to see are answered alike.",
        405 or 406 or 413 or 415 or 431 => "The request does not fit this address; see /api-docs for what does.",
        408 => "Send the whole request at once, over a connection that carries it in time.",
        409 => "What is asked for collides with something that is there now. Read it again, and choose anew.",
        412 or 428 => "Read the thing again and send its ETag in If-Match.",
        422 => "The request was understood and is against a rule; \"errors\" names the fields, if it is about fields.",
        429 => "Wait as long as Retry-After says.",
        503 => "Ask again after Retry-After; with an Idempotency-Key nothing is done twice.",
        _ => "Nothing about the request is known to be wrong. The operator finds it by its trace_id.",
    };
}
