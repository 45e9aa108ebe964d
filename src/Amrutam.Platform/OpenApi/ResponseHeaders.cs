using System.Text.Json.Nodes;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Idempotency;
using Microsoft.OpenApi;

namespace Amrutam.Platform.OpenApi;

/// <summary>A header of a route's successful response.</summary>
sealed record DeclaredHeader(string Name);

static class HeadersOnRoutes
{
    /// <summary>Declares that a successful response has the revision as its ETag.</summary>
    public static TBuilder WithETag<TBuilder>(this TBuilder route) where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new DeclaredHeader(ResponseHeaders.ETag));

    /// <summary>Declares that a successful response has the address of the created resource.</summary>
    public static TBuilder WithLocation<TBuilder>(this TBuilder route) where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new DeclaredHeader(ResponseHeaders.Location));
}

/// <summary>Response headers as OpenAPI describes them.</summary>
static class ResponseHeaders
{
    public const string ETag = "ETag", Location = "Location";

    static readonly Dictionary<string, Func<OpenApiHeader>> Headers = new(StringComparer.Ordinal)
    {
        [ETag] = () => Text("The revision. Send it as If-Match with the next change.", IfMatch.Tag(3)),
        [Location] = () => Text("The address of the thing that was created.", "/api/bookings/" + ExampleValues.Id),
        ["Retry-After"] = () => new()
        {
            Description = "Seconds to wait before the next try.",
            Schema = new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "0", Examples = [1] },
        },
        ["WWW-Authenticate"] = () => Text("The scheme that the route accepts.", "Bearer"),
        [IdempotencyKey.ReplayedHeader] = () => new()
        {
            Description = "Present if the answer was stored under the same Idempotency-Key.",
            Schema = new OpenApiSchema { Type = JsonSchemaType.String, Enum = ["true"] },
        },
    };

    /// <summary>Adds the headers of a route's responses: the declared ones, and those that follow from its status or
    /// its key.</summary>
    public static void AddTo(OpenApiOperation operation, IEnumerable<DeclaredHeader> declared, bool takesKey)
    {
        foreach (var (status, answer) in operation.Responses ?? [])
        {
            if (answer is not OpenApiResponse response || status[0] != '2') continue;
            foreach (var header in declared) Add(response, header.Name);
            if (takesKey) Add(response, IdempotencyKey.ReplayedHeader);
        }
    }

    /// <summary>The headers of a problem.</summary>
    public static Dictionary<string, IOpenApiHeader>? OfProblem(int status, bool replayed)
    {
        string[] names = status switch
        {
            401 => ["WWW-Authenticate"],
            429 or 503 => ["Retry-After"],
            _ => replayed ? [IdempotencyKey.ReplayedHeader] : [],
        };
        return names.Length == 0 ? null
            : names.ToDictionary(name => name, IOpenApiHeader (name) => Headers[name](), StringComparer.Ordinal);
    }

    static void Add(OpenApiResponse response, string name) =>
        (response.Headers ??= new Dictionary<string, IOpenApiHeader>(StringComparer.Ordinal))[name] = Headers[name]();

    static OpenApiHeader Text(string description, JsonNode example) => new()
    {
        Description = description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String, Examples = [example] },
    };
}
