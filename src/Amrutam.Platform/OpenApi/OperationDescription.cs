using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Amrutam.Platform.OpenApi;

/// <summary>
/// Completes an operation of the API's description: who may call it, how it may refuse, and an example of each.
/// </summary>
static class OperationDescription
{
    const string ProblemJson = "application/problem+json", ExampleTrace = "4bf92f3577b34da6a3ce929d0e0e4736";

    public static Task Complete(OpenApiOperation operation, OpenApiOperationTransformerContext context,
        CancellationToken ct)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var document = context.Document!;
        var handler = metadata.OfType<MethodInfo>().FirstOrDefault();
        // A feature is one file, and its name says what it does: so does the operation's. A second route adds its own
        // word.
        operation.OperationId ??= handler?.DeclaringType?.Name
            + (handler?.Name is null or "Handle" ? "" : handler.Name);
        if (BindsKey(handler)) AddIdempotencyKey(operation);
        if (Binds(handler, typeof(IfMatch))) AddIfMatch(operation);
        operation.Security = metadata.OfType<IAuthorizeData>().Any() ? [OpenApiDescription.SignedIn(document)] : [];
        foreach (var sameStatus in Refusals(operation, metadata, context.Description.RelativePath!)
            .GroupBy(p => p.Status).OrderBy(g => g.Key))
            (operation.Responses ??= [])[Text(sameStatus.Key)] =
                Refusal([.. sameStatus.DistinctBy(p => p.Code)], document);
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
        {
            if (parameter is not { Example: null, Schema: OpenApiSchema schema }) continue;
            schema.Format ??= context.Description.ParameterDescriptions.FirstOrDefault(p => p.Name == parameter.Name)
                ?.ParameterDescriptor is { } described ? QueryTime.Format(described.ParameterType) : null;
            parameter.Example = ExampleValues.Of(parameter.Name!, schema);
        }
        foreach (var example in metadata.OfType<RouteExample>()) Add(operation, example, context);
        return Task.CompletedTask;
    }

    static bool BindsKey(MethodInfo? handler) =>
        Binds(handler, typeof(IdempotencyKey));

    /// <summary>True when the handler takes it, by itself or as a part of what is gathered with
    /// <c>[AsParameters]</c>.</summary>
    static bool Binds(MethodInfo? handler, Type type) => handler?.GetParameters().Any(p => p.ParameterType == type
        || (p.IsDefined(typeof(AsParametersAttribute)) && p.ParameterType.GetProperties()
            .Any(part => part.PropertyType == type))) == true;

    /// <summary>The declared refusals of the route, and those that its policy, its body and its place imply.</summary>
    static IEnumerable<Problem> Refusals(OpenApiOperation operation, IList<object> metadata, string path)
    {
        foreach (var declared in metadata.OfType<DeclaredProblems>().SelectMany(r => r.Problems)) yield return declared;
        if (operation.Parameters is { Count: > 0 } || operation.RequestBody is not null)
            yield return CommonProblems.Malformed;
        if (operation.Parameters?.Any(p => p.In == ParameterLocation.Query) == true)
            yield return CommonProblems.Invalid;
        if (operation.Parameters?.Any(p => p.In == ParameterLocation.Path) == true) yield return CommonProblems.Absent;
        if (BindsKey(metadata.OfType<MethodInfo>().FirstOrDefault()))
            yield return IdempotencyProblems.KeyReused;
        if (operation.RequestBody is not null)
        {
            yield return CommonProblems.TooLarge;
            yield return CommonProblems.WrongMediaType;
        }
        var policies = metadata.OfType<IAuthorizeData>().ToList();
        if (policies.Count > 0) yield return CommonProblems.NotSignedIn;
        if (policies.Any(p => p.Policy is not (null or Allow.SignedIn))) yield return CommonProblems.RoleMayNot;
        if (!path.StartsWith("api/", StringComparison.Ordinal)) yield break;
        yield return CommonProblems.NotAcceptable;
        yield return CommonProblems.Failed;
        yield return CommonProblems.Overloaded;
        yield return CommonProblems.DatabaseAway;
    }

    /// <summary>
    /// One refusal is the same on every route that has it, and so is told once; several are told where they are.
    /// </summary>
    static IOpenApiResponse Refusal(IReadOnlyList<Problem> problems, OpenApiDocument document)
    {
        var components = document.Components ??= new();
        components.Examples ??= new Dictionary<string, IOpenApiExample>(StringComparer.Ordinal);
        foreach (var problem in problems) components.Examples.TryAdd(problem.Code, Example(problem));
        var response = Describe(problems, document);
        if (problems.Count > 1 && problems[0].Status < 500) return response;
        var name = string.Join("_or_", problems.Select(p => p.Code));
        components.Responses ??= new Dictionary<string, IOpenApiResponse>(StringComparer.Ordinal);
        components.Responses.TryAdd(name, response);
        return new OpenApiResponseReference(name, document);
    }

    static OpenApiResponse Describe(IReadOnlyList<Problem> problems, OpenApiDocument document) => new()
    {
        Description = string.Join(" · ", problems.Select(p => $"`{p.Code}`: {p.Title}")),
        Headers = problems[0].Status is 429 or 503 ? RetryAfter() : null,
        Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
        {
            [ProblemJson] = new()
            {
                Schema = new OpenApiSchemaReference("Problem", document),
                Examples = problems.ToDictionary(
                    p => p.Code, IOpenApiExample (p) => new OpenApiExampleReference(p.Code, document)),
            },
        },
    };

    static Dictionary<string, IOpenApiHeader> RetryAfter() => new(StringComparer.Ordinal)
    {
        ["Retry-After"] = new OpenApiHeader
        {
            Description = "Seconds to wait before asking again.",
            Schema = new OpenApiSchema { Type = JsonSchemaType.Integer, Examples = [1] },
        },
    };

    public static OpenApiExample Example(Problem problem) => new()
    {
        Summary = problem.Title,
        Value = new JsonObject
        {
            ["type"] = problem.Type, ["title"] = problem.Title, ["status"] = problem.Status, ["detail"] = problem.Title,
            ["code"] = problem.Code, ["trace_id"] = ExampleTrace,
        },
    };

    public static OpenApiSchema ProblemSchema() => new()
    {
        Type = JsonSchemaType.Object,
        Description = "Why a request was refused (RFC 9457).",
        Required =
            new HashSet<string>(StringComparer.Ordinal) { "type", "title", "status", "detail", "code", "trace_id" },
        Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
        {
            ["type"] = Property("Leads to the rule in plain words.", "uri-reference"),
            ["title"] = Property("The rule in one sentence."),
            ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "The HTTP status." },
            ["detail"] = Property("What about this request was refused."),
            ["code"] = Property("The name of the rule; this is what a program decides by."),
            ["trace_id"] = Property("Finds the request in logs, traces and events."),
            ["errors"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Description = "Each field that is wrong, with what is wrong about it.",
                AdditionalProperties = new OpenApiSchema
                {
                    Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String },
                },
            },
        },
    };

    static OpenApiSchema Property(string description, string? format = null) =>
        new() { Type = JsonSchemaType.String, Description = description, Format = format };

    static void AddIdempotencyKey(OpenApiOperation operation) => (operation.Parameters ??= []).Add(new OpenApiParameter
    {
        Name = IdempotencyKey.Header,
        In = ParameterLocation.Header,
        Description =
            "Your name for this one change: asking again with the same key does it once and answers the same.",
        Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = 255 },
        Example = "0193f7f2-5b1e-7c3a-9f2e-1f4b8c9d0e11",
    });

    static void AddIfMatch(OpenApiOperation operation) => (operation.Parameters ??= []).Add(new OpenApiParameter
    {
        Name = "If-Match",
        In = ParameterLocation.Header,
        Description = "The ETag that you read: when it has changed since, nothing is done and the answer is 412.",
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        Example = IfMatch.Tag(3),
    });

    static void Add(OpenApiOperation operation, RouteExample example, OpenApiOperationTransformerContext context)
    {
        var value = JsonSerializer.SerializeToNode(example.Value, Json.Options);
        if (example.Parameter is { } name)
        {
            if (operation.Parameters?.OfType<OpenApiParameter>().FirstOrDefault(p => p.Name == name) is { } parameter)
                parameter.Example = value;
            return;
        }
        var body = context.Description.ParameterDescriptions.FirstOrDefault(p => p.Source.Id == "Body");
        if (body?.Type == example.Value.GetType())
            foreach (var media in operation.RequestBody?.Content?.Values ?? []) media.Example = WithoutNulls(value);
        foreach (var response in context.Description.SupportedResponseTypes.Where(r =>
            r.Type == example.Value.GetType()))
            foreach (var media in operation.Responses?[Text(response.StatusCode)].Content?.Values ?? [])
                media.Example = value;
    }

    /// <summary>What a client would send: what it does not say, it leaves out.</summary>
    static JsonNode? WithoutNulls(JsonNode? node) => node switch
    {
        JsonObject o => new JsonObject(o.Where(member => member.Value is not null)
            .Select(member => KeyValuePair.Create(member.Key, WithoutNulls(member.Value)))),
        JsonArray a => new JsonArray([.. a.Select(WithoutNulls)]),
        _ => node?.DeepClone(),
    };

    static string Text(int status) => status.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
