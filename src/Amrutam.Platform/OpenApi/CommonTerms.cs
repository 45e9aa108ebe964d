using System.Collections.Frozen;
using Amrutam.Platform.Http.Binding;

namespace Amrutam.Platform.OpenApi;

/// <summary>Fields and tags of the platform, and those with one meaning in every module.</summary>
static class CommonTerms
{
    const string Uuid = ExampleValues.Id;

    static readonly Dictionary<string, Field> Fields = new(StringComparer.Ordinal)
    {
        ["id"] = new("The id.", Uuid),
        ["items"] = new("The items of this page, in the order of the list."),
        ["next_cursor"] = new("The `cursor` of the next page; null on the last page."),
        ["limit"] = new("How many items a page has at most.", PageQuery.DefaultLimit)
        {
            Minimum = 1, Maximum = PageQuery.MaxLimit, Default = PageQuery.DefaultLimit,
        },
        ["cursor"] = new("The `next_cursor` of the page before. Without it the list starts at its first page."),
        ["created_at"] = new("The instant of creation."),
        ["trace_id"] = new("The W3C trace id of the request."),
        ["Problem.status"] = new("The HTTP status.", 404),
        ["readProblem.code"] = new("The `code` of a problem.", "not_found"),
        ["HealthResponse.status"] = new("Always `OK`.") { Words = ["OK"] },
        ["Readiness.status"] = new("Always `OK`; a server that cannot serve answers 503.") { Words = ["OK"] },
        ["uptime"] = new("Seconds since the process started."),
        ["timestamp"] = new("The server's clock."),
        ["InvariantSummary.rules"] = new("The number of invariants that were checked."),
    };

    public static readonly ApiTerms All = new()
    {
        Tags = new Dictionary<string, ApiTag>(StringComparer.Ordinal)
        {
            ["Health"] = new(13, "Whether the server runs and can serve."),
            ["Problems"] = new(14, "The meaning of each problem code."),
            ["Security"] = new(16, "How to report a weakness."),
            ["Keys"] = new(15, "Public keys that verify what the server signs."),
        }.ToFrozenDictionary(StringComparer.Ordinal),
        Fields = Fields,
    };
}
