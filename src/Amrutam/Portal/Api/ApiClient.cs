using System.Text.Json;
using System.Text.Json.Serialization;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Inner;
using Amrutam.Platform.Idempotency;
using Microsoft.Net.Http.Headers;

namespace Amrutam.Portal.Api;

/// <summary>Reads and changes for a page what its person may, by the routes of the API.</summary>
/// <remarks>So the pages have no rules of their own: a page shows what the API answers and refuses what it
/// refuses.</remarks>
sealed class ApiClient(InnerRequests inner)
{
    // The most that the API gives at once.
    const int MaxLimit = 100;

    // A page reads only the members that it shows.
    static readonly JsonSerializerOptions Lenient = new(Json.Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
    };

    public async Task<ApiAnswer<T>> Get<T>(HttpContext page, string address) =>
        AnswerOf<T>(await inner.Send(page, HttpMethod.Get, address));

    /// <param name="key">The idempotency key of the form, so that a form that is sent twice acts once; null for a route
    /// without.</param>
    /// <param name="ifMatch">The ETag of the thing as the form showed it, or null.</param>
    public async Task<ApiAnswer<T>> Send<T>(HttpContext page, HttpMethod method, string address, object? body,
        string? key = null, string? ifMatch = null)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (key is { Length: > 0 }) headers[IdempotencyKey.Header] = key;
        if (ifMatch is { Length: > 0 }) headers[HeaderNames.IfMatch] = ifMatch;
        var json = body is null ? (ReadOnlyMemory<byte>?)null : JsonSerializer.SerializeToUtf8Bytes(body, Json.Options);
        return AnswerOf<T>(await inner.Send(page, method, address, json, headers));
    }

    /// <summary>A file of the API, byte for byte.</summary>
    public async Task<ApiAnswer<ApiFile>> Download(HttpContext page, string address)
    {
        var response = await inner.Send(page, HttpMethod.Get, address);
        return response.Status >= StatusCodes.Status400BadRequest ? AnswerOf<ApiFile>(response)
            : new(response.Status, new(response.Body, response.Headers.ContentType.ToString()), null, null);
    }

    /// <summary>All items of a list that is known to be short.</summary>
    /// <param name="address">The list without limit and cursor, with a query.</param>
    public async Task<ApiAnswer<List<T>>> GetAll<T>(HttpContext page, string address, int pages)
    {
        var items = new List<T>();
        string? cursor = null;
        for (var read = 0; read < pages; read++)
        {
            var next = cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor);
            var answer = await Get<ApiPage<T>>(page, $"{address}&limit={MaxLimit}{next}");
            if (answer.Value is null) return new(answer.Status, null, answer.Problem, null);
            items.AddRange(answer.Value.Items);
            if ((cursor = answer.Value.NextCursor) is null) break;
        }
        return new(StatusCodes.Status200OK, items, null, null);
    }

    static ApiAnswer<T> AnswerOf<T>(InnerResponse response)
    {
        if (response.Status >= StatusCodes.Status400BadRequest)
            return new(response.Status, default, JsonSerializer.Deserialize<ApiProblem>(response.Body.Span, Lenient),
                null);
        var value = response.Body.IsEmpty ? default : JsonSerializer.Deserialize<T>(response.Body.Span, Lenient);
        return new(response.Status, value, null, response.ETag);
    }
}

/// <summary>The answer of the API to a page.</summary>
/// <param name="Value">Null if the API refused or has nothing to say.</param>
/// <param name="Problem">The refusal; null if there is none.</param>
sealed record ApiAnswer<T>(int Status, T? Value, ApiProblem? Problem, string? ETag);

/// <summary>A file with its media type.</summary>
sealed record ApiFile(ReadOnlyMemory<byte> Bytes, string Type);

/// <summary>A list's page.</summary>
public sealed record ApiPage<T>(IReadOnlyList<T> Items, string? NextCursor = null);

/// <summary>A problem of the API (RFC 9457) with the members that pages show.</summary>
/// <param name="Alternatives">The bookable slots nearest to the one that was asked for.</param>
public sealed record ApiProblem(string Code, int Status, IReadOnlyDictionary<string, string[]>? Errors = null,
    IReadOnlyList<SlotView>? Alternatives = null);
