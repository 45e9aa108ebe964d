using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.OpenApi;

namespace Amrutam.Platform.OpenApi;

/// <summary>Adds to each member and parameter of the document its description, bounds, words and example.</summary>
static partial class FieldDescription
{
    public static void AddTo(OpenApiDocument document, ApiTerms terms)
    {
        var sent = Reached(document, Sent(document));
        var answered = Reached(document, Answered(document));
        foreach (var (owner, schema) in document.Components!.Schemas!)
        {
            if (schema is not OpenApiSchema { Type: { } type } whole || !type.HasFlag(JsonSchemaType.Object)) continue;
            whole.Description = Flow(whole.Description);
            // A request is closed: an unknown member is a 400. A response may get new members, and a client must accept
            // them.
            whole.AdditionalPropertiesAllowed = !sent.Contains(owner) || answered.Contains(owner);
            foreach (var (name, member) in whole.Properties ?? new Dictionary<string, IOpenApiSchema>())
                Complete(member, terms.Find(owner, name));
        }
        foreach (var (path, item) in document.Paths)
            foreach (var operation in item.Operations?.Values.AsEnumerable() ?? [])
                foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
                    Complete(parameter, terms.Find(operation.OperationId!, parameter.Name!), terms.ExampleIdOf(path));
    }

    /// <remarks>The page to try the API on fills a field with the parameter's example. An optional one has its example
    /// in the schema, so that its field is empty: a filter that nobody chose would hide things.</remarks>
    static void Complete(OpenApiParameter parameter, Field? field, Guid? id)
    {
        if (parameter.Schema is not OpenApiSchema schema) return;
        if (field is not null) Bound(schema, field);
        parameter.Description ??= field?.Description;
        if (parameter is { In: ParameterLocation.Path, Name: "id" } && id is not null) parameter.Example = $"{id}";
        parameter.Example ??= ExampleValues.Of(schema, field);
        if (parameter.Required || parameter.Example is null) return;
        schema.Examples = [parameter.Example];
        parameter.Example = null;
    }

    static void Complete(IOpenApiSchema member, Field? field)
    {
        var text = Flow(field?.Description ?? Described(member));
        if (member is OpenApiSchemaReference reference) reference.Description = text;
        if (member is not OpenApiSchema schema) return;
        foreach (var either in schema.OneOf ?? [])
            if (either is OpenApiSchemaReference inner) inner.Description = null;
        schema.Description = text;
        if (field is not null) Bound(schema, field);
        if (schema.Examples is null && ExampleValues.Of(schema, field) is { } example) schema.Examples = [example];
    }

    /// <summary>The member's own description. In a nullable member the framework writes it to the reference
    /// inside.</summary>
    static string? Described(IOpenApiSchema member) => member switch
    {
        OpenApiSchemaReference reference => reference.Reference.Description,
        OpenApiSchema { Description: null, OneOf: { } either } =>
            either.OfType<OpenApiSchemaReference>().Select(e => e.Reference.Description).FirstOrDefault(),
        _ => member.Description,
    };

    static void Bound(OpenApiSchema schema, Field field)
    {
        schema.Format ??= field.Format;
        schema.Minimum ??= field.Minimum?.ToString(CultureInfo.InvariantCulture);
        schema.Maximum ??= field.Maximum?.ToString(CultureInfo.InvariantCulture);
        schema.MinLength ??= field.MinLength;
        schema.MaxLength ??= field.MaxLength;
        schema.MaxItems ??= field.MaxItems;
        schema.Default ??= ExampleValues.Node(field.Default);
        if (field.Words is null) return;
        schema.Enum = [.. field.Words.Select(word => (JsonNode)word)];
        if (schema.Type?.HasFlag(JsonSchemaType.Null) == true) schema.Enum.Add(JsonNullSentinel.JsonNull);
    }

    static IEnumerable<OpenApiOperation> Operations(OpenApiDocument document) =>
        document.Paths.Values.SelectMany(path => path.Operations?.Values.AsEnumerable() ?? []);

    static IEnumerable<IOpenApiSchema?> Sent(OpenApiDocument document) => Operations(document)
        .SelectMany(o => o.RequestBody?.Content?.Values ?? []).Select(media => media.Schema);

    static IEnumerable<IOpenApiSchema?> Answered(OpenApiDocument document) => Operations(document)
        .SelectMany(o => o.Responses?.Values.AsEnumerable() ?? [])
        .SelectMany(r => r.Content?.Values ?? []).Select(media => media.Schema);

    /// <summary>The names of the schemas that these contain or refer to.</summary>
    static HashSet<string> Reached(OpenApiDocument document, IEnumerable<IOpenApiSchema?> roots)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var left = new Stack<IOpenApiSchema?>(roots);
        while (left.TryPop(out var schema))
        {
            if (schema is OpenApiSchemaReference { Reference.Id: { } id })
            {
                if (names.Add(id) && document.Components!.Schemas!.TryGetValue(id, out var named)) left.Push(named);
                continue;
            }
            if (schema is null) continue;
            left.Push(schema.Items);
            foreach (var part in (schema.Properties?.Values ?? []).Concat(schema.OneOf ?? [])) left.Push(part);
        }
        return names;
    }

    /// <summary>The text on one line, because documentation comments are wrapped.</summary>
    static string? Flow(string? text) => text is null ? null : Spaces().Replace(text, " ").Trim();

    [GeneratedRegex(@"\s+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Spaces();
}
