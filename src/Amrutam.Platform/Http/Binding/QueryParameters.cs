using System.Collections.Concurrent;
using System.Collections.Frozen;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Mvc.ModelBinding;

namespace Amrutam.Platform.Http.Binding;

/// <summary>Refuses what a query may not have, before anything reads it: 400 for an unknown or repeated parameter, 422
/// for text that cannot be stored.</summary>
/// <remarks>The parameters of a route are those of its description, from which the OpenAPI document is made too. Pages
/// are not described: links in e-mails arrive there with parameters of mail programs. The cache of public lists comes
/// after this, so its keys have no unknown parameters.</remarks>
sealed class QueryParameters(RequestDelegate next, IApiDescriptionGroupCollectionProvider described)
{
    const string Api = "/api";

    readonly ConcurrentDictionary<Endpoint, FrozenSet<string>> _known = new();

    public Task Invoke(HttpContext http)
    {
        if (!http.Request.QueryString.HasValue || http.GetEndpoint() is not RouteEndpoint route
            || route.RoutePattern.RawText?.StartsWith(Api, StringComparison.Ordinal) is not true) return next(http);
        var query = http.Request.Query;
        if (query.Any(q => !UnicodeText.IsWellFormed(q.Key))) return Malformed(http, "query", UnicodeText.NotAllowed);
        var known = _known.GetOrAdd(route, NamesOf);
        if (query.Keys.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
            return Malformed(http, unknown, "is not known here");
        if (query.FirstOrDefault(q => q.Value.Count > 1) is { Key: { } repeated })
            return Malformed(http, repeated, "is there twice");
        var wrong = query.Where(q => !UnicodeText.IsWellFormed(q.Value.ToString()))
            .ToDictionary(q => q.Key, _ => new[] { UnicodeText.NotAllowed });
        return wrong.Count == 0 ? next(http)
            : ProblemResponses.Write(http, CommonProblems.Invalid, CommonProblems.Detail(wrong), wrong);
    }

    FrozenSet<string> NamesOf(Endpoint endpoint)
    {
        var route = (RouteEndpoint)endpoint;
        var path = route.RoutePattern.RawText!.TrimStart('/');
        var methods = route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [];
        return described.ApiDescriptionGroups.Items.SelectMany(group => group.Items)
            .Where(api => api.RelativePath == path && methods.Contains(api.HttpMethod!))
            .SelectMany(api => api.ParameterDescriptions).Where(p => p.Source == BindingSource.Query)
            .Select(p => p.Name).ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>An error names at most this much of what the caller wrote.</summary>
    const int MaxName = 100;

    static Task Malformed(HttpContext http, string name, string error)
    {
        name = name.Length > MaxName ? name[..MaxName] : name;
        return ProblemResponses.Write(http, CommonProblems.Malformed, name + " " + error,
            new Dictionary<string, string[]>(StringComparer.Ordinal) { [name] = [error] });
    }
}
