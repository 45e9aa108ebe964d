using System.Text.Json.Nodes;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Tidy.Documents;

/// <summary>The requests that docs/openapi.json shows as examples, sent to a server.</summary>
public sealed class ExampleRequestTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    // An example cannot contain a secret that only one server and one person know.
    static readonly string[] OfSecrets = ["invalid_token", "passkey_refused", "wrong_code"];

    TestServer Server => fixture.Server;

    [Fact]
    public async Task A_request_that_is_sent_as_its_example_is_understood()
    {
        var wrong = new List<string>();
        foreach (var (method, path, operation) in Operations())
        {
            var replies = new List<Reply>();
            foreach (var caller in await Callers()) replies.Add(await caller
                .Send(method, Address(path, operation), Body(operation)?.ToJsonString()));
            if (replies.TrueForAll(r => r.Status is 401 or 403 && r.Code is "not_signed_in" or "role_may_not"))
                wrong.Add($"{method} {path}: nobody may");
            wrong.AddRange(replies.Where(r => r.Status == 400 || (r.Status == 422 && !OfSecrets.Contains(r.Code)))
                .Select(r => $"{method} {path}: {r}"));
        }
        Operations().Count().ShouldBeGreaterThan(80);
        wrong.ShouldBeEmpty();
    }

    /// <summary>New callers for each request, because some requests end their caller's session or account.</summary>
    async Task<HttpClient[]> Callers() => [(await Server.User("patient")).Http, (await Server.Doctor()).Http,
        (await Server.User("admin")).Http];

    static IEnumerable<(HttpMethod Method, string Path, JsonNode Operation)> Operations() =>
        from path in JsonNode.Parse(File.ReadAllText(Tree.Path("docs/openapi.json")))!["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        select (HttpMethod.Parse(operation.Key.ToUpperInvariant()), path.Key, operation.Value!);

    static JsonNode? Body(JsonNode operation) => operation["requestBody"]?["content"]?["application/json"]?["example"];

    static string Address(string path, JsonNode operation)
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
