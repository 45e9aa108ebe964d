using System.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Platform.Http.Problems;

/// <summary>The problems that any route may return.</summary>
static class CommonProblems
{
    public static readonly Problem Malformed = new(400, "malformed_request",
        "The request could not be read; correct its form");
    public static readonly Problem NotSignedIn = new(401, "not_signed_in",
        "Sign in first: the access token is missing, expired or not valid");
    public static readonly Problem RoleMayNot = new(403, "role_may_not",
        "Your role may not do this; another role is needed");
    public static readonly Problem Absent = new(404, "not_found",
        "This does not exist, or you may not see it; check the address");
    public static readonly Problem MethodNotAllowed =
        new(405, "method_not_allowed", "This address does not accept that method; see the API's description");
    public static readonly Problem NotAcceptable = new(406, "not_acceptable",
        "The response has no media type that you accept; change your Accept header");
    public static readonly Problem BodyTooSlow = new(408, "body_too_slow",
        "The request body arrived too slowly; send the whole body at once");
    public static readonly Problem Conflict = new(409, "conflict",
        "The present state does not allow this; read it again");
    public static readonly Problem TooLarge = new(413, "body_too_large",
        "The request body is larger than 128 KiB; send a smaller one");
    public static readonly Problem WrongMediaType =
        new(415, "unsupported_media_type", "The body must be application/json");
    public static readonly Problem Invalid = new(422, "invalid_fields", "Some fields are not valid; correct them");
    public static readonly Problem TooMany = new(429, "too_many_requests", "Too many requests; try again later");
    public static readonly Problem TooManyAtOnce = new(429, "too_many_at_once",
        "You have too many requests running; wait for their responses")
    { IsLimit = true };
    public static readonly Problem TooManyChanges = new(429, "too_many_changes",
        "You have changed too much within a minute; wait before you send another change")
    { IsLimit = true };
    public static readonly Problem HeadersTooLarge = new(431, "headers_too_large",
        "The request headers are too large; send fewer or shorter ones");
    public static readonly Problem Failed = new(500, "internal_error",
        "The server failed; try again, and give the operator the trace_id if it fails again");
    public static readonly Problem Overloaded = new(503, "overloaded",
        "The server has too many requests; try again shortly");
    public static readonly Problem AnotherChangeRuns = new(503, "another_change_runs",
        "Another change of the same data is not finished; try again shortly");
    public static readonly Problem OutcomeUnknown = new(503, "outcome_unknown",
        "The server does not know the outcome; send the request again with the same Idempotency-Key");
    public static readonly Problem DatabaseAway = new(503, "database_unavailable",
        "The database cannot be reached; try again shortly");

    /// <returns>422 <c>invalid_fields</c> with each field and its errors.</returns>
    public static ProblemHttpResult Fields(IReadOnlyDictionary<string, string[]> errors) =>
        Invalid.Because(Detail(errors), ProblemResponses.Errors(errors));

    /// <returns>The sentence that names each field with its first error.</returns>
    public static string Detail(IReadOnlyDictionary<string, string[]> errors) =>
        string.Join("; ", errors.Select(e => e.Key + " " + e.Value[0]));

    /// <inheritdoc cref="Fields"/>
    public static ProblemHttpResult Field(string name, string error) =>
        Fields(new Dictionary<string, string[]>(StringComparer.Ordinal) { [name] = [error] });

    /// <returns>404 <c>not_found</c>.</returns>
    public static ProblemHttpResult NotFound() => Absent.Because();

    /// <returns>The problem of a response that the framework ended with a status and no body.</returns>
    public static Problem ForStatus(int status) => status switch
    {
        400 => Malformed,
        401 => NotSignedIn,
        403 => RoleMayNot,
        404 => Absent,
        405 => MethodNotAllowed,
        406 => NotAcceptable,
        408 => BodyTooSlow,
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

    /// <returns>The W3C trace id of the running request or job. Its log lines and its events have the same.</returns>
    public static string Trace() => Activity.Current?.TraceId.ToHexString() ?? "";
}
