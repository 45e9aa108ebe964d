using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;

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
    string? Code = null, int? RetryAfterSeconds = null, string? ETag = null)
{
    /// <summary>Whether a refusal may be stored under its key. After a 422 or 429 the caller may send the same key
    /// again.</summary>
    public bool IsFinal => Status is < StatusCodes.Status400BadRequest
        or StatusCodes.Status404NotFound or StatusCodes.Status409Conflict;

    public static readonly StoredResponse<NoContent> NoContent =
        new StoredResponse(StatusCodes.Status204NoContent, []);

    public static StoredResponse<Ok<T>> Ok<T>(T body, string? etag = null, string? location = null) =>
        new StoredResponse(StatusCodes.Status200OK, Bytes(body), location, ETag: etag);

    public static StoredResponse<Created<T>> Created<T>(T body, string? location = null) =>
        new StoredResponse(StatusCodes.Status201Created, Bytes(body), location);

    public static StoredResponse Of(ProblemHttpResult problem) =>
        new(problem.StatusCode, Bytes(problem.ProblemDetails), Code: problem.Code());

    static byte[] Bytes<T>(T body) => JsonSerializer.SerializeToUtf8Bytes(body, Json.Options);

    /// <summary>Writes the response with its headers.</summary>
    public Task Send(HttpContext http)
    {
        http.Response.StatusCode = Status;
        if (Code is not null) ProblemMeter.Count(http, Code);
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

/// <summary>A stored response as the result of a handler: a success of the given type, as
/// <c>Created&lt;Slot&gt;</c>, or a problem. The API's description takes the success from the type.</summary>
sealed record StoredResponse<TSuccess>(StoredResponse Response) : IResult, IEndpointMetadataProvider
    where TSuccess : IEndpointMetadataProvider
{
    public static implicit operator StoredResponse<TSuccess>(ProblemHttpResult problem) =>
        new(StoredResponse.Of(problem));

    /// <summary>A refusal that a judgement made, or the response that a key stands for.</summary>
    public static implicit operator StoredResponse<TSuccess>(StoredResponse response) => new(response);

    public Task ExecuteAsync(HttpContext http) => Response.Send(http);

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        TSuccess.PopulateMetadata(method, builder);
}
