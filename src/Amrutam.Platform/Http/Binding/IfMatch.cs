using Microsoft.Net.Http.Headers;

namespace Amrutam.Platform.Http.Binding;

/// <summary>The revision that the caller means to change (the header If-Match, RFC 9110). Without the header it is the
/// present one.</summary>
sealed record IfMatch(IReadOnlyList<EntityTagHeaderValue> Tags)
{
    /// <exception cref="BadHttpRequestException">The header is no list of entity tags.</exception>
    public static ValueTask<IfMatch?> BindAsync(HttpContext http)
    {
        var header = http.Request.Headers.IfMatch;
        if (header.Count == 0) return ValueTask.FromResult<IfMatch?>(new([]));
        return EntityTagHeaderValue.TryParseStrictList([.. header!], out var tags)
            ? ValueTask.FromResult<IfMatch?>(new(tags.AsReadOnly()))
            : throw new BadHttpRequestException("If-Match must be an ETag that was read, in its quotes, or *.");
    }

    public static string Tag(int revision) => $"\"{revision}\"";

    /// <summary>True if that revision may be changed. A weak tag does not promise equality, so it never
    /// matches.</summary>
    public bool Allows(int revision) => Tags.Count == 0
        || Tags.Any(tag => !tag.IsWeak && (tag.Tag == "*" || tag.Tag == Tag(revision)));
}
