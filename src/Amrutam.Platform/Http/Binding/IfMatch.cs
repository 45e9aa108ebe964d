using Microsoft.Net.Http.Headers;

namespace Amrutam.Platform.Http.Binding;

/// <summary>Which revision the caller means to change (the header If-Match, RFC 9110); none means whichever is
/// there.</summary>
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

    /// <summary>True when that revision may be changed. A weak tag promises no sameness, so it never
    /// does.</summary>
    public bool Allows(int revision) => Tags.Count == 0
        || Tags.Any(tag => !tag.IsWeak && (tag.Tag == "*" || tag.Tag == Tag(revision)));
}
