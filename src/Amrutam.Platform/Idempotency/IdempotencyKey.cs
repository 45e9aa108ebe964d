using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Amrutam.Platform.Idempotency;

/// <summary>The caller's name for one intended change. The change is made once, however often it is sent.</summary>
/// <param name="Value">1 to 255 visible ASCII characters, or null when the caller gave none.</param>
/// <param name="Scope">The endpoint's method and path with its route values, so that one key may serve several routes;
/// empty without a key.</param>
sealed record IdempotencyKey(string? Value, string Scope)
{
    public const string Header = "Idempotency-Key";
    public const string ReplayedHeader = "Idempotency-Replayed";

    /// <summary>The verdict of <c>platform.stored_response</c> on a repeated request.</summary>
    public const string Replayed = "replayed";

    const int MaxLength = 255;
    static readonly IdempotencyKey None = new(null, "");

    public static ValueTask<IdempotencyKey?> BindAsync(HttpContext http) =>
        ValueTask.FromResult<IdempotencyKey?>(Parse(http));

    /// <summary>Reads the header's value, bare or as a quoted string (the draft standard's form); both name the same
    /// key.</summary>
    /// <exception cref="BadHttpRequestException">It is empty, too long, repeated or has other characters.</exception>
    static IdempotencyKey Parse(HttpContext http)
    {
        var header = http.Request.Headers[Header];
        if (header.Count == 0) return None;
        var text = header.Count == 1 ? header[0]!.Trim() : "";
        if (text is ['"', .. var inner, '"']) text = inner;
        if (text.Length is 0 or > MaxLength || text.AsSpan().ContainsAnyExceptInRange('!', '~'))
            throw new BadHttpRequestException(
                $"{Header} must be one value of 1 to {MaxLength} visible ASCII characters.");
        return new(text, ScopeOf(http));
    }

    /// <summary>As <c>POST /api/bookings/0190…/move</c>, however the request spelled the path. A route that replaces a
    /// former one has the former one's scope, so that keys of either count for both.</summary>
    static string ScopeOf(HttpContext http)
    {
        var endpoint = http.GetEndpoint() as RouteEndpoint
            ?? throw new InvalidOperationException("A key belongs to a route.");
        var former = endpoint.Metadata.GetMetadata<FormerRoute>();
        var method = former?.Method ?? http.Request.Method;
        var pattern = former?.Pattern ?? endpoint.RoutePattern;
        if (pattern is { Parameters.Count: 0, RawText: ['/', ..] path }) return method + " " + path.TrimEnd('/');
        var scope = new StringBuilder(method).Append(' ');
        foreach (var segment in pattern.PathSegments)
        {
            scope.Append('/');
            foreach (var part in segment.Parts)
                scope.Append(part switch
                {
                    RoutePatternLiteralPart literal => literal.Content,
                    RoutePatternParameterPart { Name: var name } => Canonical(http.Request.RouteValues[name]),
                    _ => "",
                });
        }
        return scope.ToString();
    }

    static string Canonical(object? value) =>
        value is string text ? Guid.TryParse(text, out var id) ? id.ToString() : text : "";

    /// <summary>The meaning of the request: SHA-256 of its canonical JSON, so that spacing, member order and absent
    /// nulls make no difference.</summary>
    /// <param name="shape">How to write it, where that is known without reflection.</param>
    public static byte[] Fingerprint<T>(T request, JsonTypeInfo<T>? shape = null) => SHA256.HashData(shape is null
        ? JsonSerializer.SerializeToUtf8Bytes(request, Json.Options)
        : JsonSerializer.SerializeToUtf8Bytes(request, shape));
}
