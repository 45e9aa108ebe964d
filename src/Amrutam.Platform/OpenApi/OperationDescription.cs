using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Limits;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.Modules;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Amrutam.Platform.OpenApi;

/// <summary>Completes an operation of the API's description: its callers, its refusals, and an example of
/// each.</summary>
static class OperationDescription
{
    const string ProblemJson = "application/problem+json", ExampleTrace = "4bf92f3577b34da6a3ce929d0e0e4736";

    public static Task Complete(OpenApiOperation operation, OpenApiOperationTransformerContext context,
        CancellationToken ct)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var document = context.Document!;
        var handler = metadata.OfType<MethodInfo>().FirstOrDefault();
        var isDeprecated = metadata.OfType<DeprecatedRoute>().Any();
        operation.OperationId = Name(operation.OperationId, handler) + (isDeprecated ? "Deprecated" : "");
        operation.Deprecated = isDeprecated;
        if (BindsKey(handler)) AddIdempotencyKey(operation);
        if (Binds(handler, typeof(IfMatch))) AddIfMatch(operation);
        operation.Security = metadata.OfType<IAuthorizeData>().Any() ? [OpenApiDescription.SignedIn(document)] : [];
        var implied = context.ApplicationServices.GetRequiredService<IReadOnlyList<IModule>>()
            .SelectMany(module => module.Terms.Implied).Where(i => i.IsOf(metadata)).Select(i => i.Problem);
        foreach (var sameStatus in Refusals(operation, metadata, context.Description).Concat(implied)
            .GroupBy(p => p.Status).OrderBy(g => g.Key))
            (operation.Responses ??= [])[Text(sameStatus.Key)] =
                Refusal([.. sameStatus.DistinctBy(p => p.Code)], BindsKey(handler), document);
        ResponseHeaders.AddTo(operation, metadata.OfType<DeclaredHeader>(), BindsKey(handler));
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
        {
            if (parameter.Schema is not OpenApiSchema schema) continue;
            schema.Format ??= context.Description.ParameterDescriptions.FirstOrDefault(p => p.Name == parameter.Name)
                ?.ParameterDescriptor is { } described ? QueryTime.Format(described.ParameterType) : null;
            // The query's names are compared without case. The description has them in small letters.
            if (parameter.In == ParameterLocation.Query) parameter.Name = parameter.Name!.ToLowerInvariant();
        }
        foreach (var example in metadata.OfType<RouteExample>()) Add(operation, example, context);
        return Task.CompletedTask;
    }

    /// <summary>The operation's name in camelCase: the given one, or that of its feature. If the feature has several
    /// handlers, the handler's word is added.</summary>
    static string Name(string? given, MethodInfo? handler)
    {
        var feature = handler?.DeclaringType;
        // A lambda's type is the compiler's own, inside the feature.
        while (feature?.IsDefined(typeof(CompilerGeneratedAttribute)) == true) feature = feature.DeclaringType;
        var word = handler is null || handler.DeclaringType != feature || handler.Name == "Handle" ? "" : handler.Name;
        return JsonNamingPolicy.CamelCase.ConvertName(given ?? feature?.Name + word);
    }

    static bool BindsKey(MethodInfo? handler) =>
        Binds(handler, typeof(IdempotencyKey));

    /// <summary>True if the handler takes the type, by itself or as a part of an <c>[AsParameters]</c>
    /// argument.</summary>
    static bool Binds(MethodInfo? handler, Type type) => handler?.GetParameters().Any(p => p.ParameterType == type
        || (p.IsDefined(typeof(AsParametersAttribute)) && p.ParameterType.GetProperties()
            .Any(part => part.PropertyType == type))) == true;

    /// <summary>The refusals of the route: the declared ones, and those that follow from its policy, its body and its
    /// path.</summary>
    static IEnumerable<Problem> Refusals(OpenApiOperation operation, IList<object> metadata, ApiDescription route)
    {
        foreach (var declared in metadata.OfType<DeclaredProblems>().SelectMany(r => r.Problems)) yield return declared;
        if (operation.Parameters is { Count: > 0 } || operation.RequestBody is not null)
            yield return CommonProblems.Malformed;
        if (operation.Parameters?.Any(p => p.In == ParameterLocation.Path) == true) yield return CommonProblems.Absent;
        if (BindsKey(metadata.OfType<MethodInfo>().FirstOrDefault()))
            yield return IdempotencyProblems.KeyReused;
        if (operation.RequestBody is not null)
        {
            yield return CommonProblems.BodyTooSlow;
            yield return CommonProblems.TooLarge;
            yield return CommonProblems.WrongMediaType;
        }
        var policies = metadata.OfType<IAuthorizeData>().ToList();
        if (policies.Count > 0) yield return CommonProblems.NotSignedIn;
        if (policies.Any(p => p.Policy is not (null or Allow.SignedIn))) yield return CommonProblems.RoleMayNot;
        if (!route.RelativePath!.StartsWith("api/", StringComparison.Ordinal)) yield break;
        var isChange = RequestLimiter.IsChange(route.HttpMethod!);
        if (isChange || policies.Count > 0) yield return CommonProblems.TooManyAtOnce;
        if (isChange)
        {
            yield return CommonProblems.TooManyChanges;
            yield return CommonProblems.AnotherChangeRuns;
        }
        // Every query and every body may have a character that PostgreSQL cannot hold.
        yield return CommonProblems.Invalid;
        // So is an unknown parameter.
        yield return CommonProblems.Malformed;
        yield return CommonProblems.NotAcceptable;
        yield return CommonProblems.Failed;
        yield return CommonProblems.Overloaded;
        yield return CommonProblems.DatabaseAway;
    }

    /// <summary>The response of one status. A single refusal is the same on every route and described once; several are
    /// described at their routes.</summary>
    static IOpenApiResponse Refusal(IReadOnlyList<Problem> problems, bool takesKey, OpenApiDocument document)
    {
        var components = document.Components ??= new();
        components.Examples ??= new Dictionary<string, IOpenApiExample>(StringComparer.Ordinal);
        foreach (var problem in problems) components.Examples.TryAdd(problem.Code, Example(problem));
        // Besides successes, a key stores refusals that last: an absent resource and a conflict with the present state.
        var replayed = takesKey && problems[0].Status is 404 or 409;
        var response = Describe(problems, replayed, document);
        if (problems.Count > 1 && problems[0].Status < 500) return response;
        var name = string.Join("_or_", problems.Select(p => p.Code)) + (replayed ? "_or_replayed" : "");
        components.Responses ??= new Dictionary<string, IOpenApiResponse>(StringComparer.Ordinal);
        components.Responses.TryAdd(name, response);
        return new OpenApiResponseReference(name, document);
    }

    static OpenApiResponse Describe(IReadOnlyList<Problem> problems, bool replayed, OpenApiDocument document) => new()
    {
        Description = string.Join(" · ", problems.Select(p => $"`{p.Code}`: {p.Title}")),
        Headers = ResponseHeaders.OfProblem(problems[0].Status, replayed),
        Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
        {
            [ProblemJson] = new()
            {
                Schema = new OpenApiSchemaReference(ProblemSchema.Name, document),
                Examples = problems.ToDictionary(
                    p => p.Code, IOpenApiExample (p) => new OpenApiExampleReference(p.Code, document)),
            },
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

    static void AddIdempotencyKey(OpenApiOperation operation) => (operation.Parameters ??= []).Add(new OpenApiParameter
    {
        Name = IdempotencyKey.Header,
        In = ParameterLocation.Header,
        Description =
            "The client's name for one change. A second request with the same key gets the same answer.",
        Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = 255 },
        Example = "0193f7f2-5b1e-7c3a-9f2e-1f4b8c9d0e11",
    });

    static void AddIfMatch(OpenApiOperation operation) => (operation.Parameters ??= []).Add(new OpenApiParameter
    {
        Name = "If-Match",
        In = ParameterLocation.Header,
        Description = "The ETag of the version to change. If the thing has changed since, the answer is 412.",
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

    /// <summary>The example as a client would send it, without members that are null.</summary>
    static JsonNode? WithoutNulls(JsonNode? node) => node switch
    {
        JsonObject o => new JsonObject(o.Where(member => member.Value is not null)
            .Select(member => KeyValuePair.Create(member.Key, WithoutNulls(member.Value)))),
        JsonArray a => new JsonArray([.. a.Select(WithoutNulls)]),
        _ => node?.DeepClone(),
    };

    static string Text(int status) => status.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
