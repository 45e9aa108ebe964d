using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Amrutam.Platform.OpenApi;

/// <summary>Example values of members, parameters and bodies.</summary>
/// <remarks>A body's example is made of its required fields. If the body needs a choice, the route gives its own
/// example.</remarks>
static class ExampleValues
{
    public const string Id = "0193f7f2-5b1e-7c3a-9f2e-1f4b8c9d0e11";

    /// <summary>An example of the field; null if only its route can give one.</summary>
    public static JsonNode? Of(IOpenApiSchema schema, Field? field) =>
        field?.Example is { } own ? Node(own)
        : schema.Examples is [{ } given, ..] ? given.DeepClone()
        : schema.Enum is [{ } allowed, ..] ? allowed.DeepClone()
        : schema.Default is { } usual ? usual.DeepClone()
        : schema.Type is not { } type ? null
        : type.HasFlag(JsonSchemaType.String) ? schema.Format == "uuid" ? Id : null
        : type.HasFlag(JsonSchemaType.Integer) || type.HasFlag(JsonSchemaType.Number) ? 1
        : type.HasFlag(JsonSchemaType.Boolean) ? true
        : null;

    public static JsonNode? Node(object? value) => value is null ? null : JsonSerializer.SerializeToNode(value);

    /// <summary>Gives each body without an example one of its required fields, or of all fields.</summary>
    public static void AddTo(OpenApiDocument document)
    {
        foreach (var path in document.Paths.Values)
            foreach (var media in (path.Operations?.Values.AsEnumerable() ?? [])
                .SelectMany(o => o.RequestBody?.Content?.Values ?? []))
                if (media.Schema is { } schema) media.Example ??= Object(schema);
    }

    static JsonObject Object(IOpenApiSchema schema)
    {
        var either = schema.OneOf?.FirstOrDefault(s => s.Properties is not null) ?? schema;
        var body = new JsonObject();
        foreach (var (name, property) in either.Properties ?? FrozenDictionary<string, IOpenApiSchema>.Empty)
            if (either.Required is not { Count: > 0 } required || required.Contains(name))
                if ((Of(property, null) ?? Nested(property)) is { } value) body[name] = value;
        return body;
    }

    static JsonNode? Nested(IOpenApiSchema schema) =>
        schema.Items is { } items ? items.Properties is null ? new JsonArray() : new JsonArray(Object(items))
        : schema.Type is null || schema.Type.Value.HasFlag(JsonSchemaType.Object) ? Object(schema)
        : null;
}
