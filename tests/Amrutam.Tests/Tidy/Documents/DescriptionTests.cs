using System.Text.Json.Nodes;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Tidy.Documents;

/// <summary>docs/openapi.json is what the server says of itself, and it says all of it.</summary>
[Trait("Approves", "contract")]
public sealed class DescriptionTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    static readonly string[] Methods = ["get", "put", "post", "delete", "patch"];

    [Fact]
    public async Task The_approved_description_is_what_the_server_serves() =>
        ((await Served()).ToJsonString(Pretty) + "\n").ShouldBeApproved("docs/openapi.json");

    [Fact]
    public async Task Every_route_of_the_API_is_in_it()
    {
        var paths = (await Served())["paths"]!.AsObject();
        var described = Operations(paths).Select(o => o.Name).ToHashSet(StringComparer.Ordinal);
        fixture.Server.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(r => r.RoutePattern.RawText!.StartsWith("/api/", StringComparison.Ordinal))
            .SelectMany(r =>
                r.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(m =>
                    m.ToLowerInvariant() + " " + Path(r)))
            .Where(name => !described.Contains(name)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_operation_has_a_name_of_its_own_a_summary_a_tag_and_an_answer()
    {
        var operations = Operations((await Served())["paths"]!.AsObject()).ToList();
        operations.Where(o =>
            o.Node["operationId"] is null || o.Node["summary"] is null
                || o.Node["tags"] is not JsonArray { Count: > 0 })
            .Select(o => o.Name).ShouldBeEmpty();
        operations.GroupBy(o => (string)o.Node["operationId"]!).Where(g => g.Count() > 1)
            .Select(g => $"{g.Key}: {string.Join(", ", g.Select(o => o.Name))}").ShouldBeEmpty();
        operations.Where(o => !o.Node["responses"]!.AsObject().Any(r => r.Key[0] is '2' or '3')).Select(o => o.Name)
            .ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_reference_leads_somewhere_and_every_schema_is_used()
    {
        var served = await Served();
        var text = served.ToJsonString();
        foreach (var (name, _) in served["components"]!["schemas"]!.AsObject())
            text.ShouldContain($"\"#/components/schemas/{name}\"");
        References(served)
            .Where(r => r.Split('/').Skip(1).Aggregate((JsonNode?)served, (node, part) => node?[part]) is null)
            .ShouldBeEmpty();
    }

    [Fact]
    public async Task A_body_that_is_sent_has_an_example()
    {
        var served = await Served();
        Operations(served["paths"]!.AsObject())
            .Where(o =>
                o.Node["requestBody"]?["content"]?["application/json"] is JsonObject body && body["example"] is null)
            .Select(o => o.Name).ShouldBeEmpty();
    }

    [Fact]
    public void Every_problem_has_a_code_and_title_of_its_own()
    {
        Product.Problems.Count.ShouldBeGreaterThan(20);
        Product.Problems.Values.Where(p =>
            p.Code.Any(char.IsUpper) || p.Code.Contains(' ') || p.Title.EndsWith('.')).ShouldBeEmpty();
    }

    static readonly System.Text.Json.JsonSerializerOptions Pretty = new()
    {
        WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    async Task<JsonNode> Served() =>
        JsonNode.Parse((await fixture.Server.Anonymous().Get("/openapi/v1.json")).Is(200).Text)!;

    static IEnumerable<(string Name, JsonNode Node)> Operations(JsonObject paths) => paths
        .SelectMany(path =>
            path.Value!.AsObject().Where(o => Methods.Contains(o.Key)).Select(o => ($"{o.Key} {path.Key}", o.Value!)));

    static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject o => o.SelectMany(m => m.Key == "$ref" ? [(string)m.Value!] : References(m.Value)),
        JsonArray a => a.SelectMany(References),
        _ => [],
    };

    static string Path(RouteEndpoint route) =>
        "/" + string.Join('/', route.RoutePattern.PathSegments.Select(s => string.Concat(
        s.Parts.Select(p =>
            p is Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart parameter ? $"{{{parameter.Name}}}"
            : ((Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart)p).Content))));
}
