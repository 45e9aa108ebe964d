using System.Globalization;
using System.Text.Json;
using Amrutam.Platform.Http.Binding;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Platform.Idempotency;

/// <summary>A finished response: it is sent now and, under an Idempotency-Key, again.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">JSON in UTF-8, sent byte for byte.</param>
/// <param name="Location">The path of the created resource, or null.</param>
/// <param name="Replayed">True when an earlier request produced the response and this one changed nothing.</param>
/// <param name="Code">The code of the problem, or null.</param>
/// <param name="RetryAfterSeconds">The value of Retry-After, or null.</param>
/// <param name="ETag">The ETag, or null. It is not stored: a replayed response does not know the present
/// revision.</param>
sealed record StoredResponse(int Status, byte[] Body, string? Location = null, bool Replayed = false,
    string? Code = null, int? RetryAfterSeconds = null, string? ETag = null) : IResult
{
    public static readonly StoredResponse NoContent = new(StatusCodes.Status204NoContent, []);

    /// <summary>Whether a refusal may be stored under its key. After a 422 or 429 the caller may send the same key
    /// again.</summary>
    public bool IsFinal => Status is < StatusCodes.Status400BadRequest
        or StatusCodes.Status404NotFound or StatusCodes.Status409Conflict;

    public static StoredResponse Of<T>(int status, T body, string? location = null) =>
        new(status, JsonSerializer.SerializeToUtf8Bytes(body, Json.Options), location);

    public static StoredResponse Of(ProblemHttpResult problem) =>
        new(problem.StatusCode, JsonSerializer.SerializeToUtf8Bytes(problem.ProblemDetails, Json.Options),
            Code: problem.ProblemDetails.Extensions["code"] as string);

    public Task ExecuteAsync(HttpContext http)
    {
        http.Response.StatusCode = Status;
        if (Location is not null) http.Response.Headers.Location = Location;
        if (ETag is not null) http.Response.Headers.ETag = ETag;
        if (RetryAfterSeconds is { } seconds)
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        if (Replayed) http.Response.Headers[IdempotencyKey.ReplayedHeader] = "true";
        if (Body.Length == 0) return Task.CompletedTask;
        http.Response.ContentType = Status < StatusCodes.Status400BadRequest ? "application/json; charset=utf-8"
            : "application/problem+json";
        http.Response.ContentLength = Body.Length;
        return http.Response.BodyWriter.WriteAsync(Body, CancellationToken.None).AsTask();
    }
}
