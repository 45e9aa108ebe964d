using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Amrutam.Platform.OpenApi;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Tidy.Documents;

/// <summary>docs/openapi.json is the complete description that the server serves.</summary>
[Trait("Approves", "contract")]
public sealed partial class DescriptionTests(ServerFixture fixture) : IClassFixture<ServerFixture>
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
    public async Task Every_operation_has_a_name_of_its_own_a_summary_a_description_a_tag_and_an_answer()
    {
        var served = await Served();
        var operations = Operations(served["paths"]!.AsObject()).ToList();
        operations.Count.ShouldBeGreaterThan(80);
        operations.Where(o => !OperationId().IsMatch((string?)o.Node["operationId"] ?? "")
                || o.Node["summary"] is null || o.Node["description"] is null)
            .Select(o => o.Name).ShouldBeEmpty();
        operations.GroupBy(o => (string)o.Node["operationId"]!).Where(g => g.Count() > 1)
            .Select(g => $"{g.Key}: {string.Join(", ", g.Select(o => o.Name))}").ShouldBeEmpty();
        operations.Where(o => !o.Node["responses"]!.AsObject().Any(r => r.Key[0] is '2' or '3')).Select(o => o.Name)
            .ShouldBeEmpty();
        var tags = served["tags"]!.AsArray().Where(t => t!["description"] is not null).Select(t => (string)t!["name"]!);
        operations.Where(o => o.Node["tags"]!.AsArray().Select(t => (string)t!).Except(tags).Any()
                || o.Node["tags"]!.AsArray().Count == 0)
            .Select(o => o.Name).ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_parameter_and_every_member_has_a_description_and_a_name_in_small_letters()
    {
        var served = await Served();
        var parameters = from operation in Operations(served["paths"]!.AsObject())
                         from parameter in operation.Node["parameters"]?.AsArray() ?? []
                         where parameter["description"] is null
                            || ((string)parameter["in"]! != "header" && !Small().IsMatch((string)parameter["name"]!))
                         select $"{operation.Name} {parameter["name"]}";
        var members = from schema in served["components"]!["schemas"]!.AsObject()
                      from member in schema.Value!["properties"]?.AsObject() ?? []
                      where member.Value!["description"] is null || !Small().IsMatch(member.Key)
                      select $"{schema.Key}.{member.Key}";
        served["components"]!["schemas"]!.AsObject().Count.ShouldBeGreaterThan(50);
        parameters.Concat(members).ShouldBeEmpty();
    }

    /// <summary>A term without use is dead, or its name is mistyped.</summary>
    [Fact]
    public async Task Every_term_describes_a_tag_a_member_or_a_parameter()
    {
        var served = await Served();
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (schema, node) in served["components"]!["schemas"]!.AsObject())
            foreach (var (member, _) in node!["properties"]?.AsObject() ?? [])
                known.UnionWith([member, $"{schema}.{member}"]);
        foreach (var (_, operation) in Operations(served["paths"]!.AsObject()))
            foreach (var parameter in operation["parameters"]?.AsArray() ?? [])
                known.UnionWith([(string)parameter!["name"]!, $"{operation["operationId"]}.{parameter["name"]}"]);
        var terms = ApiTerms.Of(Program.Modules);
        terms.Fields.Keys.Except(known).ShouldBeEmpty();
        terms.Tags.Keys.Except(served["tags"]!.AsArray().Select(t => (string)t!["name"]!)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_answer_that_the_document_does_not_declare_is_found()
    {
        var account = await (await fixture.Server.User("patient")).Http.Get("/api/me");
        Violation(_ => { }).ShouldBeNull();
        Violation(d => d["paths"]!["/api/me"]!.AsObject().Remove("get")).ShouldBe("the route is not declared");
        Violation(d => Answers(d).Remove("200")).ShouldBe("the status is not declared");
        Violation(d => Account(d)["email"]!["type"] = "integer").ShouldNotBeNull().ShouldContain("/email");
        Violation(d => Account(d).Remove("full_name")).ShouldNotBeNull().ShouldContain("/full_name");
        Violation(d => Account(d)["role"]!["enum"] = new JsonArray("nobody")).ShouldNotBeNull().ShouldContain("/role");

        string? Violation(Action<JsonNode> plant)
        {
            var document = JsonNode.Parse(File.ReadAllText(Tree.Path("docs/openapi.json")))!;
            plant(document);
            return new ApiContract(document)
                .Violation(HttpMethod.Get, new(fixture.Server.Address, "/api/me"), account);
        }

        static JsonObject Answers(JsonNode d) => d["paths"]!["/api/me"]!["get"]!["responses"]!.AsObject();
        static JsonObject Account(JsonNode d) =>
            d["components"]!["schemas"]!["Account"]!["properties"]!.AsObject();
    }

    [Fact]
    public async Task Every_reference_leads_somewhere_and_every_schema_is_used()
    {
        var served = await Served();
        var text = served.ToJsonString();
        foreach (var (name, _) in served["components"]!["schemas"]!.AsObject())
            text.ShouldContain($"\"#/components/schemas/{name}\"");
        References(served).Count().ShouldBeGreaterThan(100);
        References(served)
            .Where(r => r.Split('/').Skip(1).Aggregate((JsonNode?)served, (node, part) => node?[part]) is null)
            .ShouldBeEmpty();
    }

    [Fact]
    public async Task A_body_that_is_sent_has_an_example()
    {
        var served = await Served();
        var bodies = Operations(served["paths"]!.AsObject())
            .Where(o => o.Node["requestBody"]?["content"]?["application/json"] is JsonObject).ToList();
        bodies.Count.ShouldBeGreaterThan(30);
        bodies.Where(o => o.Node["requestBody"]!["content"]!["application/json"]!["example"] is null)
            .Select(o => o.Name).ShouldBeEmpty();
    }

    [Fact]
    public void Every_problem_has_a_code_and_title_of_its_own()
    {
        Product.Problems.Count.ShouldBeGreaterThan(20);
        Product.Problems.Values.Where(p =>
            p.Code.Any(char.IsUpper) || p.Code.Contains(' ') || p.Title.EndsWith('.')).ShouldBeEmpty();
    }

    [GeneratedRegex("^[a-z][A-Za-z0-9]*$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OperationId();

    [GeneratedRegex("^[a-z][a-z0-9_]*$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Small();

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
