using System.Text;
using System.Text.Json.Nodes;
using Amrutam.Tests.Support;

namespace Amrutam.Tests.Platform.Http.Fuzzing;

/// <summary>One hostile request to an operation of the API.</summary>
/// <param name="Place">The part of the request that is hostile.</param>
sealed record FuzzCase(string Method, string Target, string Place, string? Body)
{
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public string ContentType { get; init; } = "application/json";

    public string? ContentEncoding { get; init; }

    public Task<Reply> Send(HttpClient http)
    {
        HttpContent? content = null;
        if (Body is not null)
        {
            content = new ByteArrayContent(Encoding.UTF8.GetBytes(Body));
            content.Headers.TryAddWithoutValidation("Content-Type", ContentType);
            if (ContentEncoding is not null)
                content.Headers.TryAddWithoutValidation("Content-Encoding", ContentEncoding);
        }
        return http.Send(new(Method), Target, content, headers: [.. Headers]);
    }

    public override string ToString() =>
        $"{Method} {Short(Target)} with hostile {Place}, {ContentType} {ContentEncoding}"
        + $"{string.Concat(Headers.Select(h => $" {h.Name}: {Short(h.Value)}"))} {Short(Body ?? "")}";

    static string Short(string text) => text.Length > 300 ? text[..300] + "…" : text;
}

/// <summary>An operation of the OpenAPI document, and the hostile requests that can be made of it.</summary>
sealed class FuzzedOperation
{
    readonly JsonNode _document;
    readonly List<(string In, string Name, string Value)> _parameters;
    readonly JsonNode? _body;

    public FuzzedOperation(JsonNode document, string path, string method, JsonNode operation)
    {
        (_document, Path, Method) = (document, path, method.ToUpperInvariant());
        IsOpen = operation["security"] is null;
        _parameters = operation["parameters"]?.AsArray().Select(p =>
            ((string)p!["in"]!, (string)p["name"]!, (string?)p["required"]?.ToString() == "true" ? Example(p) : ""))
            .ToList() ?? [];
        var media = operation["requestBody"]?["content"]?["application/json"];
        _body = media is null ? null : media["example"]?.DeepClone() ?? Fitting(media["schema"]!, depth: 0);
    }

    public string Path { get; }

    public string Method { get; }

    /// <summary>Whether the operation asks for no token.</summary>
    public bool IsOpen { get; }

    /// <summary>The request with nothing hostile in it.</summary>
    public FuzzCase Harmless => new(Method, Target(), "nothing", _body?.ToJsonString());

    /// <summary>Every part of the request that can be hostile, with the way to make it so.</summary>
    public IEnumerable<(string Place, Func<Random, FuzzCase> Make)> Places()
    {
        foreach (var (where, name, _) in _parameters)
            yield return ($"{where} {name}", random => At(where, name, random));
        yield return ("unknown parameter", random => Harmless with
        {
            Target = Target() + (Target().Contains('?') ? "&" : "?") + "x=" + Any(HostileValues.InQuery, random),
            Place = "unknown parameter",
        });
        if (_body is null) yield break;
        yield return ("body", random => Harmless with { Body = Any(HostileValues.Bodies, random), Place = "body" });
        yield return ("Content-Type", random => Harmless with
        {
            ContentType = Any(HostileValues.ContentTypes, random),
            Place = "Content-Type",
        });
        yield return ("Content-Encoding", random => Harmless with
        {
            ContentEncoding = Any(HostileValues.ContentEncodings, random),
            Place = "Content-Encoding",
        });
        foreach (var member in Members(_body, []))
            yield return ("member " + string.Join('.', member), random => Harmless with
            {
                Body = With(member, Any(HostileValues.Members, random)),
                Place = "member " + string.Join('.', member),
            });
    }

    FuzzCase At(string where, string name, Random random) => Harmless with
    {
        Place = $"{where} {name}",
        Target = where switch
        {
            "path" => Target(name, Any(HostileValues.InPath, random)),
            "query" => Target(name, Any(HostileValues.InQuery, random)),
            _ => Target(),
        },
        Headers = where == "header" ? [(name, Any(HostileValues.InHeader, random))] : [],
    };

    /// <summary>The path with its parameters and the required part of the query; one of them hostile.</summary>
    string Target(string? hostile = null, string value = "")
    {
        var path = Path;
        foreach (var (_, name, fitting) in _parameters.Where(p => p.In == "path"))
            path = path.Replace("{" + name + "}", name == hostile ? value : fitting, StringComparison.Ordinal);
        var query = _parameters.Where(p => p.In == "query" && (p.Value.Length > 0 || p.Name == hostile))
            .Select(p => p.Name + "=" + (p.Name == hostile ? value : Uri.EscapeDataString(p.Value)));
        return string.Join('?', new[] { path, string.Join('&', query) }.Where(part => part.Length > 0));
    }

    /// <summary>The body with one member replaced. The value need not be JSON.</summary>
    string With(string[] member, string value)
    {
        const string Mark = "\u0001here\u0001";
        var body = _body!.DeepClone();
        var parent = body;
        foreach (var name in member[..^1]) parent = parent is JsonArray list ? list[int.Parse(name)]! : parent[name]!;
        if (parent is JsonArray items) items[int.Parse(member[^1])] = Mark;
        else parent[member[^1]] = Mark;
        return body.ToJsonString().Replace(JsonValue.Create(Mark).ToJsonString(), value, StringComparison.Ordinal);
    }

    static IEnumerable<string[]> Members(JsonNode node, string[] above)
    {
        var children = node switch
        {
            JsonObject o => o.Select(m => (m.Key, m.Value)),
            JsonArray a => a.Select((item, i) => (i.ToString(), item)),
            _ => [],
        };
        foreach (var (name, child) in children)
        {
            yield return [.. above, name];
            if (child is not null)
                foreach (var inner in Members(child, [.. above, name])) yield return inner;
        }
    }

    /// <summary>A value that fits the schema: each member, and an item in each list.</summary>
    JsonNode? Fitting(JsonNode schema, int depth)
    {
        if (schema["$ref"] is { } reference)
            return Fitting(_document["components"]!["schemas"]![((string)reference!).Split('/')[^1]]!, depth);
        if (schema["oneOf"] is JsonArray either)
            return Fitting(either.First(s => (string?)s!["type"] != "null")!, depth);
        if (schema["examples"] is JsonArray { Count: > 0 } examples) return examples[0]!.DeepClone();
        if (schema["enum"] is JsonArray { Count: > 0 } words) return words[0]!.DeepClone();
        // Deep enough for every request.
        const int Deepest = 5;
        if (schema["properties"] is JsonObject properties && depth < Deepest)
            return new JsonObject(properties.Select(p => KeyValuePair.Create(p.Key, Fitting(p.Value!, depth + 1))));
        if (schema["items"] is { } item && depth < Deepest) return new JsonArray(Fitting(item, depth + 1));
        var types = schema["type"] is JsonArray many ? many.Select(t => (string?)t).ToList()
            : [(string?)schema["type"]];
        return types.Contains("string") ? (string?)schema["format"] == "uuid" ? HostileValues.AnId : "fitting text"
            : types.Contains("integer") || types.Contains("number") ? 1 : types.Contains("boolean") ? true
            : new JsonObject();
    }

    static string Example(JsonNode parameter) => (parameter["example"] ?? parameter["schema"]!["example"])?.ToString()
        ?? HostileValues.AnId;

    static string Any(IReadOnlyList<string> values, Random random) => values[random.Next(values.Count)];
}
