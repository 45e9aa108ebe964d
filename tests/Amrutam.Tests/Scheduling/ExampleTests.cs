using System.Text.Json.Nodes;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Scheduling;

/// <summary>The examples of the calendar's routes in the API's description.</summary>
public sealed class ExampleTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    static readonly string[] Tags = ["Slots", "Availability", "Bookings", "Waiting list"];

    [Fact]
    public async Task Every_body_that_is_sent_or_answered_has_an_example_with_the_members_of_its_schema()
    {
        var served = await Served();
        var operations = Operations(served).ToList();
        operations.Count.ShouldBe(43);
        var wrong = new List<string>();
        foreach (var (name, operation) in operations)
            foreach (var (what, media) in Bodies(operation))
            {
                var schema = Resolve(served, media["schema"]);
                if (media["example"] is not JsonObject example) wrong.Add($"{name} {what} has no example");
                else wrong.AddRange(Differences(served, example, schema)
                    .Select(difference => $"{name} {what}: {difference}"));
            }
        wrong.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_required_parameter_has_an_example()
    {
        var required = Operations(await Served())
            .SelectMany(o => o.Node["parameters"]?.AsArray().Select(p => (o.Name, Parameter: p!)) ?? [])
            .Where(p => (bool?)p.Parameter["required"] == true).ToList();
        required.Count.ShouldBeGreaterThan(10);
        required.Where(p => p.Parameter["example"] is null)
            .Select(p => $"{p.Name} {p.Parameter["name"]}").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_change_of_the_calendar_takes_a_key() => Operations(await Served())
        .Where(o => !o.Name.StartsWith("GET", StringComparison.Ordinal)
            // The preview changes nothing.
            && o.Name != "POST /api/availability/preview"
            && o.Node["parameters"]?.AsArray().Any(p => (string)p!["name"]! == "Idempotency-Key") != true)
        .Select(o => o.Name).ShouldBeEmpty();

    async Task<JsonNode> Served() =>
        JsonNode.Parse((await fixture.Server.Anonymous().Get("/openapi/v1.json")).Is(200).Text)!;

    static IEnumerable<(string Name, JsonNode Node)> Operations(JsonNode served) =>
        from path in served["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        where operation.Value is JsonObject o && o["tags"] is JsonArray tags && Tags.Contains((string)tags[0]!)
        select ($"{operation.Key.ToUpperInvariant()} {path.Key}", operation.Value!);

    static IEnumerable<(string What, JsonNode Media)> Bodies(JsonNode operation)
    {
        if (operation["requestBody"]?["content"]?["application/json"] is { } sent) yield return ("request", sent);
        foreach (var (status, answer) in operation["responses"]!.AsObject())
            if (status[0] == '2' && answer!["content"]?["application/json"] is { } answered)
                yield return (status, answered);
    }

    static IEnumerable<string> Differences(JsonNode served, JsonObject example, JsonObject schema)
    {
        var members = schema["properties"]!.AsObject();
        foreach (var unknown in example.Select(m => m.Key).Except(members.Select(m => m.Key)))
            yield return unknown + " is not in the schema";
        foreach (var missing in members.Select(m => m.Key).Except(example.Select(m => m.Key)))
            if (schema["required"]?.AsArray().Any(r => (string)r! == missing) == true)
                yield return missing + " is missing";
        foreach (var (name, value) in example)
        {
            (JsonObject? Value, JsonNode? Schema) inner = value switch
            {
                JsonObject o => (o, members[name]),
                JsonArray { Count: > 0 } items when items[0] is JsonObject o => (o, members[name]?["items"]),
                _ => (null, null),
            };
            if (inner.Value is null) continue;
            foreach (var difference in Differences(served, inner.Value, Resolve(served, inner.Schema)))
                yield return $"{name}.{difference}";
        }
    }

    static JsonObject Resolve(JsonNode served, JsonNode? schema)
    {
        var either = schema?["oneOf"]?.AsArray().FirstOrDefault(s => s?["$ref"] is not null) ?? schema;
        return (either?["$ref"] is { } reference
            ? served["components"]!["schemas"]![((string)reference!).Split('/')[^1]] : either)!.AsObject();
    }
}
