using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Net.Http.Headers;

namespace Amrutam.Platform.Http;

/// <summary>Refuses a body that is not plain UTF-8: 415 for another charset or a content coding.</summary>
/// <remarks>JSON is UTF-8 (RFC 8259), and so are the portal's forms. The framework throws for a charset that it does
/// not know, and it does not know a quoted one.</remarks>
static class BodyEncoding
{
    const string Charset = "charset", Utf8 = "utf-8", Plain = "identity";

    // Nearly every client sends this, so it is not parsed.
    const string Usual = "application/json; charset=utf-8";

    public static Task Refuse(HttpContext http, RequestDelegate next)
    {
        var request = http.Request;
        if (http.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>() is null) return next(http);
        if (request.Headers.ContentEncoding.Count > 0
            && !request.Headers.ContentEncoding.ToString().Equals(Plain, StringComparison.OrdinalIgnoreCase))
            return Unsupported(http, "The body must not have a content coding.");
        if (request.ContentType == Usual) return next(http);
        if (request.ContentType?.Contains(Charset, StringComparison.OrdinalIgnoreCase) is not true) return next(http);
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.Parameters.All(IsUtf8)) return Unsupported(http, "The charset of the body must be utf-8.");
        // Unquoted, as the framework reads it.
        if (type.Charset.HasValue) type.Charset = Utf8;
        request.ContentType = type.ToString();
        return next(http);
    }

    static bool IsUtf8(NameValueHeaderValue parameter) =>
        !parameter.Name.Equals(Charset, StringComparison.OrdinalIgnoreCase)
        || HeaderUtilities.RemoveQuotes(parameter.Value).Equals(Utf8, StringComparison.OrdinalIgnoreCase);

    static Task Unsupported(HttpContext http, string detail) =>
        ProblemResponses.Write(http, CommonProblems.WrongMediaType, detail);
}
