using System.Collections.Frozen;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Amrutam.Platform.Http.Problems;

/// <summary>One way to be refused: its status, its code (the name of the rule) and a sentence for the person.</summary>
/// <remarks>Each module keeps its own in static fields; OpenAPI and docs/status-codes.md are made from them.</remarks>
sealed record Problem(int Status, string Code, string Title)
{
    public string Type => "/problems/" + Code;

    /// <summary>Whether it is about how much one person has or does; each such answer is counted as one that a limit
    /// gave.</summary>
    public bool IsLimit { get; init; }
}

/// <summary>Answers in application/problem+json (RFC 9457).</summary>
static class CommonProblems
{
    public static readonly Problem Malformed = new(400, "malformed_request", "The request could not be read");
    public static readonly Problem NotSignedIn = new(401, "not_signed_in",
        "Sign in first: the access token is missing, expired or not valid");
    public static readonly Problem RoleMayNot = new(403, "role_may_not", "Your role may not do this");
    public static readonly Problem Absent = new(404, "not_found", "There is no such thing, or it is not yours to see");
    public static readonly Problem MethodNotAllowed =
        new(405, "method_not_allowed", "This address does not answer that method");
    public static readonly Problem NotAcceptable = new(406, "not_acceptable",
        "The answer cannot be given in a media type you accept");
    public static readonly Problem Conflict = new(409, "conflict", "The present state does not allow this");
    public static readonly Problem TooLarge = new(413, "body_too_large", "The request body is larger than 128 KiB");
    public static readonly Problem WrongMediaType =
        new(415, "unsupported_media_type", "The body must be application/json");
    public static readonly Problem Invalid = new(422, "invalid_fields", "Some fields are not valid");
    public static readonly Problem TooMany = new(429, "too_many_requests", "Too many requests; try again later");
    public static readonly Problem HeadersTooLarge = new(431, "headers_too_large", "The request headers are too large");
    public static readonly Problem Failed = new(500, "internal_error", "Something went wrong on our side");
    public static readonly Problem Overloaded = new(503, "overloaded",
        "The server has more to do than it can; try again shortly");
    public static readonly Problem OutcomeUnknown = new(503, "outcome_unknown",
        "It is not known whether this was done; ask again with the same Idempotency-Key");
    public static readonly Problem DatabaseAway = new(503, "database_unavailable",
        "The database cannot be reached; try again shortly");

    static readonly Counter<long> Answered = new Meter("Amrutam.Problems")
        .CreateCounter<long>("amrutam.problems", "{answer}", "Problems that were answered, by the rule's code");

    public static ProblemHttpResult Because(
        this Problem problem, string? detail = null, IDictionary<string, object?>? extensions = null) =>
        TypedResults.Problem(Details(problem, detail, extensions));

    /// <summary>A rule of its own that one field broke, which is named as in <see cref="Invalid"/>.</summary>
    public static ProblemHttpResult About(this Problem problem, string field, string? detail = null) =>
        problem.Because(detail, Errors(new Dictionary<string, string[]>(StringComparer.Ordinal)
        {
            [field] = [detail ?? problem.Title],
        }));

    /// <summary>A 422 that names each field and what is wrong with it.</summary>
    public static ProblemHttpResult Fields(IReadOnlyDictionary<string, string[]> errors) =>
        Invalid.Because(string.Join("; ", errors.Select(e => e.Key + " " + e.Value[0])), Errors(errors));

    public static ProblemHttpResult Field(string name, string error) =>
        Fields(new Dictionary<string, string[]>(StringComparer.Ordinal) { [name] = [error] });

    public static ProblemHttpResult NotFound() => Absent.Because();

    public static ProblemDetails Details(
        Problem problem, string? detail = null, IDictionary<string, object?>? extensions = null)
    {
        Answered.Add(1, new KeyValuePair<string, object?>("amrutam.problem.code", problem.Code));
        if (problem.IsLimit) LimitMeter.Count(problem.Code);
        var details = new ProblemDetails
        {
            Type = problem.Type,
            Title = problem.Title,
            Status = problem.Status,
            Detail = detail ?? problem.Title,
            Extensions = { ["code"] = problem.Code, ["trace_id"] = Trace() },
        };
        foreach (var (name, value) in extensions ?? FrozenDictionary<string, object?>.Empty)
            details.Extensions[name] = value;
        return details;
    }

    /// <summary>Writes a problem outside an endpoint: from middleware, the exception handler or a challenge.</summary>
    public static Task Write(HttpContext http, Problem problem, string? detail = null,
        IReadOnlyDictionary<string, string[]>? errors = null)
    {
        http.Response.StatusCode = problem.Status;
        return problem.Because(detail, errors is null ? null : Errors(errors)).ExecuteAsync(http);
    }

    public static Problem ForStatus(int status) => status switch
    {
        400 => Malformed,
        401 => NotSignedIn,
        403 => RoleMayNot,
        404 => Absent,
        405 => MethodNotAllowed,
        406 => NotAcceptable,
        409 => Conflict,
        413 => TooLarge,
        415 => WrongMediaType,
        422 => Invalid,
        429 => TooMany,
        431 => HeadersTooLarge,
        503 => Overloaded,
        >= 400 and < 500 => Malformed with { Status = status },
        _ => Failed,
    };

    /// <summary>The W3C trace id of the request, which its log lines and events carry too.</summary>
    public static string Trace() => Activity.Current?.TraceId.ToHexString() ?? "";

    static Dictionary<string, object?> Errors(IReadOnlyDictionary<string, string[]> errors) =>
        new(StringComparer.Ordinal) { ["errors"] = errors };
}

/// <summary>The problems a route may answer with, for OpenAPI.</summary>
sealed record DeclaredProblems(IReadOnlyList<Problem> Problems);

static class DeclaredProblemsOnRoutes
{
    /// <summary>
    /// Declares which rules may refuse this route; what every route shares (400, 401, 403 …) is added from its policy
    /// and body.
    /// </summary>
    public static TBuilder WithProblems<TBuilder>(this TBuilder route, params Problem[] problems)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new DeclaredProblems(problems));
}
