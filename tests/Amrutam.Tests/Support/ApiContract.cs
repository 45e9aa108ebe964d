using System.Collections.Concurrent;
using System.Net.Mail;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Amrutam.Tests.Tidy;
using Json.Schema;

namespace Amrutam.Tests.Support;

/// <summary>Checks answers against the approved docs/openapi.json: a declared status, declared headers and a body that
/// fits its schema.</summary>
/// <remarks>An answer may grow in service. In the tests a member outside its schema is a violation, so that nothing
/// undocumented is sent.</remarks>
sealed class ApiContract
{
    const string Schemas = "https://amrutam.invalid/schemas", Problem = "application/problem+json";

    // Routes that tests add to a server have no contract.
    const string OfTests = "/api/test/";

    static readonly string[] Headers = ["ETag", "Location", "Retry-After", "Idempotency-Replayed", "WWW-Authenticate"];
    static readonly string[] Paths = ["/api/", "/health", "/.well-known/", "/problems/"];

    // A document that is being rewritten judges no answer.
    static readonly Lazy<ApiContract?> Approved = new(() => Environment.GetEnvironmentVariable("AMRUTAM_APPROVE") == "1"
        ? null : new(JsonNode.Parse(File.ReadAllText(Tree.Path("docs/openapi.json")))!));

    static readonly EvaluationOptions Options =
        new() { OutputFormat = OutputFormat.List, RequireFormatValidation = true };

    static ApiContract() => FormatRegistry.Global.Register(new EmailFormat());

    readonly JsonNode _document;
    readonly List<(Regex Path, JsonObject Operations)> _paths;
    readonly BuildOptions _build = new() { SchemaRegistry = new() };
    readonly ConcurrentDictionary<string, JsonSchema> _schemas = new(StringComparer.Ordinal);

    public ApiContract(JsonNode document)
    {
        _document = document;
        // A literal path counts before a parameter: /api/doctors/profile is no doctor's id.
        _paths = [.. document["paths"]!.AsObject().OrderBy(path => path.Key.Count(c => c == '{'))
            .Select(path => (Pattern(path.Key), path.Value!.AsObject()))];
        var all = new JsonObject { ["$id"] = Schemas, ["$defs"] = Closed(document["components"]!["schemas"]!) };
        JsonSchema.FromText(all.ToJsonString(), _build);
    }

    static readonly ConcurrentDictionary<string, bool> Servers = new(StringComparer.Ordinal);

    /// <summary>Judges answers from this address. No other server has a contract, such as the management address or
    /// Prometheus.</summary>
    public static void Judge(Uri server) => Servers[server.Authority] = true;

    /// <summary>Fails when an answer of the API differs from its declaration in docs/openapi.json.</summary>
    public static void Check(HttpMethod method, Uri address, Reply reply)
    {
        if (Servers.ContainsKey(address.Authority)
            && Approved.Value?.Violation(method, address, reply) is { } violation)
            Assert.Fail($"{method} {address.AbsolutePath} answered {reply.Status} against docs/openapi.json: "
                + $"{violation}. The body: {reply.Text}");
    }

    /// <returns>The violation of the contract; null if there is none or the address is not the API's.</returns>
    public string? Violation(HttpMethod method, Uri address, Reply reply)
    {
        var path = address.AbsolutePath;
        if (!Paths.Any(p => path.StartsWith(p, StringComparison.Ordinal))
            || path.StartsWith(OfTests, StringComparison.Ordinal)) return null;
        // Neither answer has a body, and the framework itself answers OPTIONS.
        if (method == HttpMethod.Head || method == HttpMethod.Options) return null;
        var match = _paths.FirstOrDefault(p => p.Path.IsMatch(path) && p.Operations.ContainsKey(Name(method)));
        if (match.Operations?[Name(method)] is not { } operation)
            return reply.Status >= 400 ? OfBody(reply, Problem, new JsonObject { ["$ref"] = Reference("Problem") })
                : "the route is not declared";
        if (operation["responses"]![reply.Status.ToString(System.Globalization.CultureInfo.InvariantCulture)] is not
            { } declared) return "the status is not declared";
        var answer = Resolve(declared);
        if (Headers.FirstOrDefault(h => reply.Header(h) is not null && answer["headers"]?[h] is null) is { } header)
            return $"the header {header} is not declared";
        if (answer["content"] is not JsonObject content)
            return reply.Text.Length == 0 ? null : "no body is declared";
        var (type, media) = content.First();
        return OfBody(reply, type, media!["schema"]);
    }

    string? OfBody(Reply reply, string type, JsonNode? schema)
    {
        var sent = reply.Message.Content.Headers.ContentType?.MediaType;
        if (sent != type) return $"the media type is {sent} and not {type}";
        if (!type.EndsWith("json", StringComparison.Ordinal) || schema is null) return null;
        var key = schema.ToJsonString();
        var judged = _schemas.GetOrAdd(key, Build).Evaluate(reply.Body, Options);
        return judged.IsValid ? null : string.Join("; ", (judged.Details ?? []).Where(d => d.Errors is not null)
            .SelectMany(d => d.Errors!.Select(e => $"{d.InstanceLocation} {e.Value}")).Distinct());
    }

    // The registry that schemas refer to is not safe for several threads.
    JsonSchema Build(string schema)
    {
        lock (_build) return JsonSchema.FromText(Moved(schema), _build);
    }

    JsonNode Resolve(JsonNode response) => response["$ref"] is not { } reference ? response
        : _document["components"]!["responses"]![((string)reference!).Split('/')[^1]]!;

    /// <summary>The schemas as definitions of one schema document, each without further members.</summary>
    static JsonObject Closed(JsonNode schemas)
    {
        var closed = JsonNode.Parse(Moved(schemas.ToJsonString()))!.AsObject();
        foreach (var (_, schema) in closed)
            if (schema!["properties"] is not null) schema["additionalProperties"] ??= false;
        return closed;
    }

    static string Moved(string schema) =>
        schema.Replace("#/components/schemas/", Schemas + "#/$defs/", StringComparison.Ordinal);

    static string Reference(string name) => "#/components/schemas/" + name;

    static string Name(HttpMethod method) => method.Method.ToLowerInvariant();

    static Regex Pattern(string path) => new(
        "^" + Regex.Replace(Regex.Escape(path), @"\\\{[^}]+}", "[^/]+", RegexOptions.None, Limit) + "/?$",
        RegexOptions.None, Limit);

    static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    /// <summary>An e-mail address.</summary>
    /// <remarks>The package's own check has a short time limit and calls an address invalid when it expires.</remarks>
    sealed class EmailFormat() : Format("email")
    {
        public override bool Validate(JsonElement element, out string? errorMessage)
        {
            errorMessage = null;
            return element.ValueKind != JsonValueKind.String || MailAddress.TryCreate(element.GetString(), out _);
        }
    }
}
