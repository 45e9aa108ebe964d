using Microsoft.OpenApi;

namespace Amrutam.Platform.OpenApi;

/// <summary>The body of every error response, application/problem+json.</summary>
static class ProblemSchema
{
    public const string Name = "Problem";

    public static OpenApiSchema Make() => new()
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
            ["detail"] = Property("The reason why this request was refused."),
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
}
