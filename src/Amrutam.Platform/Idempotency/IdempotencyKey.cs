using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Amrutam.Platform.Http.Binding;

namespace Amrutam.Platform.Idempotency;

/// <summary>The caller's name for one intended change, so that asking twice does it once.</summary>
/// <param name="Value">1 to 255 visible ASCII characters, or null when the caller gave none.</param>
sealed record IdempotencyKey(string? Value)
{
    public const string Header = "Idempotency-Key";
    public const string ReplayedHeader = "Idempotency-Replayed";
    const int MaxLength = 255;

    public static ValueTask<IdempotencyKey?> BindAsync(HttpContext http) =>
        ValueTask.FromResult<IdempotencyKey?>(Parse(http.Request.Headers[Header]));

    /// <summary>The header's value, bare or as a quoted string (the draft standard's form); both name the same
    /// key.</summary>
    /// <exception cref="BadHttpRequestException">It is empty, too long, repeated or has other characters.</exception>
    static IdempotencyKey Parse(Microsoft.Extensions.Primitives.StringValues header)
    {
        if (header.Count == 0) return new((string?)null);
        var text = header.Count == 1 ? header[0]!.Trim() : "";
        if (text is ['"', .. var inner, '"']) text = inner;
        if (text.Length is 0 or > MaxLength || text.AsSpan().ContainsAnyExceptInRange('!', '~'))
            throw new BadHttpRequestException(
                $"{Header} must be one value of 1 to {MaxLength} visible ASCII characters.");
        return new(text);
    }

    /// <summary>What the request means: SHA-256 of its canonical JSON, so that spacing, member order and absent nulls
    /// make no difference.</summary>
    /// <param name="shape">How to write it, where that is known without reflection.</param>
    public static byte[] Fingerprint<T>(T request, JsonTypeInfo<T>? shape = null) => SHA256.HashData(shape is null
        ? JsonSerializer.SerializeToUtf8Bytes(request, Json.Options)
        : JsonSerializer.SerializeToUtf8Bytes(request, shape));
}
