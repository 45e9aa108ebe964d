using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Platform.Http;

/// <summary>Sends hostile input to every operation of the API's description. No operation fails or shows
/// internals.</summary>
public sealed partial class HostileInputTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const string AnId = "0193f7f2-5b1e-7c3a-9f2e-1f4b8c9d0e11";

    static readonly string[] Bodies = [
        "", " ", "null", "[]", "{}", "{", "\"x\"", "5", "true", "{\"\":1}", "{\"__proto__\":{}}",
        "{\"id\":1,\"id\":2}", "{}{}", "//x",
        new string('[', 200), "{\"a\":" + new string('{', 100), "{\"x\":\"" + new string('y', 200_000) + "\"}",
    ];

    static readonly string[] Values = [
        "null", "true", "5", "-1", "1e400", "-0.0", "99999999999999999999", "[]", "[null]", "{}", "\"\"",
        "\" \"", "\"x\"", "\"\\u0000\"",
        "\"a\\u0000b\"", "\"\\ud800\"", "\"\\udc00x\"", "\"\\ufeff\\u202e\"", "\"' or 1=1 --\"",
        "\"%s%n\"", "\"../../etc/passwd\"",
        "\"0001-01-01\"", "\"2026-02-30\"", "\"9999-12-31T23:59:59Z\"", "\"2026-06-30T23:59:60Z\"",
        "\"2026-01-01T00:00:00\"", "\"24:00\"",
        "\"25:61\"", "\"NaN\"", "\"" + AnId + "\"", "\"IST\"", "\"" + LongText + "\"",
    ];

    static readonly string[] QueryValues =
        ["", "x", "-1", "0", "101", "99999999999999999999", "%00", "a%00b", "%ff", "%25", "'", "%5B%5D", "2026-02-30",
            "9999-12-31T23:59:59Z", "null"];

    static readonly string[] PathValues = [AnId, "x", "%20", "..%2f..", "%ff", "%E0%A4%85",
        "00000000-0000-0000-0000-000000000000", "'--", "1e9"];

    const string LongText =
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789";

    // Each request waits for its answer, which leaves the processor to other tests.
    const int AtOnce = 4;

    static readonly string[] Roles = ["patient", "doctor", "admin"];

    [Fact]
    public async Task No_operation_fails_or_shows_internals_on_hostile_input()
    {
        var description = JsonNode.Parse((await fixture.Server.Anonymous().Get("/openapi/v1.json")).Is(200).Text)!;
        var wrong = new ConcurrentBag<string>();
        var sent = 0;
        var operations = description["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject()
            .Where(o => o.Key != "parameters").Select(o => (Path: path.Key, Method: o.Key, Operation: o.Value!)));
        await Parallel.ForEachAsync(operations, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (o, _) =>
        {
            var roles = await RolesThatMay(o.Method, o.Path, o.Operation);
            if (roles.Count == 0) wrong.Add($"{o.Method} {o.Path}: no role may, so nothing was sent");
            foreach (var role in roles)
            {
                // A new person for each, because some operations end sessions and some close accounts.
                var person = await fixture.Server.User(role);
                foreach (var (target, body) in Requests(o.Path, o.Operation, description))
                {
                    Interlocked.Increment(ref sent);
                    if (Wrong(await person.Http.Send(new(o.Method.ToUpperInvariant()), target, body)) is { } what)
                        wrong.Add($"{o.Method} {target} as {role} with {Short(body)}: {what}");
                }
            }
        });
        sent.ShouldBeGreaterThan(1000);
        wrong.ShouldBeEmpty();
    }

    /// <summary>The roles that the operation does not refuse; one role if the operation is public.</summary>
    async Task<IReadOnlyList<string>> RolesThatMay(string method, string path, JsonNode operation)
    {
        if (operation["security"] is null) return Roles[..1];
        var may = new List<string>();
        foreach (var role in Roles)
        {
            var person = await fixture.Server.User(role);
            var reply = await person.Http.Send(new(method.ToUpperInvariant()), PathParameter()
                .Replace(path, AnId), "{}");
            if (reply.Status != 403 || reply.Code != "role_may_not") may.Add(role);
        }
        return may;
    }

    static IEnumerable<(string Target, string? Body)> Requests(string path, JsonNode operation, JsonNode description)
    {
        var parameters = operation["parameters"]?.AsArray()
            .Select(p => (In: (string)p!["in"]!, Name: (string)p["name"]!)).ToList() ?? [];
        var filled = PathParameter().Replace(path, AnId);
        var body = operation["requestBody"] is null ? null : "{}";
        if (path.Contains('{', StringComparison.Ordinal))
            foreach (var value in PathValues) yield return (PathParameter().Replace(path, value), body);
        foreach (var (_, name) in parameters.Where(p => p.In == "query"))
            foreach (var value in QueryValues) yield return ($"{filled}?{name}={value}", body);
        if (body is null) yield return (filled, null);
        else
            foreach (var hostile in Bodies.Concat(Members(operation, description))) yield return (filled, hostile);
    }

    /// <summary>Bodies with one hostile value: each member of the request with each of the values.</summary>
    static IEnumerable<string> Members(JsonNode operation, JsonNode description)
    {
        if (Schema(operation["requestBody"]!["content"]?["application/json"]?["schema"],
            description)?["properties"] is not JsonObject properties)
            yield break;
        foreach (var (member, _) in properties)
            foreach (var value in Values)
                yield return "{"
                    + string.Join(',', properties.Select(p =>
                    $"\"{p.Key}\":{(p.Key == member ? value : Fitting(p.Value!, description))}")) + "}";
    }

    static JsonNode? Schema(JsonNode? schema, JsonNode description) =>
        schema?["$ref"] is { } reference ? description["components"]!["schemas"]![((string)reference!).Split('/')[^1]]
        : schema?["oneOf"] is JsonArray either ? Schema(either.FirstOrDefault(s => s!["$ref"] is not null), description)
        : schema;

    static string Fitting(JsonNode schema, JsonNode description)
    {
        var types = schema["type"] switch
        {
            JsonArray many => [.. many.Select(t => (string)t!)],
            JsonValue one =>
            [(string)one!],
            _ => new List<string>()
        };
        if (schema["examples"] is JsonArray { Count: > 0 } examples) return examples[0]!.ToJsonString();
        return types.Contains("null") ? "null" : (string?)schema["format"] == "uuid" ? $"\"{AnId}\""
            : types.Contains("array") ? "[]" : types.Contains("integer") || types.Contains("number") ? "1"

                : types.Contains("boolean")
                ? "true"
                : types.Contains("object") || schema["$ref"] is not null
                ? "{}"
                : "\"fitting text\"";
    }

    static string? Wrong(Reply reply)
    {
        if (reply.Status >= 500) return $"{reply.Status} {reply.Text}";
        if (reply.Text.Length > 0 && Inside().Match(reply.Text) is { Success: true } leak)
            return $"shows \"{leak.Value}\"";
        if (reply.Status < 400 || reply.Text.Length == 0) return null;
        return reply.Header("Content-Type") == "application/problem+json" && reply.Code is not null
            && reply["trace_id"].Length == 32
            ? null
            : $"{reply.Status} without a whole problem: {reply.Text}";
    }

    static string Short(string? body) => body is null ? "no body" : body.Length > 300 ? body[..300] + "…" : body;

    [GeneratedRegex(@"\{[^}]+\}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PathParameter();

    [GeneratedRegex(
        @"\bSystem\.|Npgsql|Microsoft\.|Amrutam\.|Exception| at .*\(|\bselect .* from\b|Int32|DateTime\b|NodaTime",
        RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Inside();
}
