using System.Text.Json.Nodes;
using Amrutam.Tests.Tidy;

namespace Amrutam.Tests.Support;

/// <summary>An operation of docs/openapi.json with its example request.</summary>
/// <param name="Path">With its placeholders, as <c>/api/slots/{id}</c>.</param>
/// <param name="Address">The path and the query with the example's values.</param>
/// <param name="Body">JSON, or null.</param>
sealed record ExampleRequest(HttpMethod Method, string Path, string Address, string? Body)
{
    public override string ToString() => $"{Method} {Path}";

    public static IEnumerable<ExampleRequest> All() =>
        from path in JsonNode.Parse(File.ReadAllText(Tree.Path("docs/openapi.json")))!["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        select new ExampleRequest(HttpMethod.Parse(operation.Key.ToUpperInvariant()), path.Key,
            AddressOf(path.Key, operation.Value!), BodyOf(operation.Value!));

    /// <summary>The requests that change something.</summary>
    public static IEnumerable<ExampleRequest> Changes() => All().Where(request => request.Method != HttpMethod.Get);

    static string? BodyOf(JsonNode operation) =>
        operation["requestBody"]?["content"]?["application/json"]?["example"]?.ToJsonString();

    static string AddressOf(string path, JsonNode operation)
    {
        var query = new List<string>();
        foreach (var parameter in operation["parameters"]?.AsArray() ?? [])
        {
            var name = (string)parameter!["name"]!;
            var example = (parameter["example"] ?? parameter["schema"]!["examples"]?[0])?.ToString();
            if (example is null) continue;
            if ((string)parameter["in"]! == "path")
                path = path.Replace($"{{{name}}}", example, StringComparison.Ordinal);
            if ((string)parameter["in"]! == "query") query.Add($"{name}={Uri.EscapeDataString(example)}");
        }
        return query.Count == 0 ? path : path + "?" + string.Join('&', query);
    }
}
