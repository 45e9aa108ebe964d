using System.Collections.Frozen;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Amrutam.Platform.OpenApi;

/// <summary>What a field looks like in an example, by its name: one vocabulary for the whole description.</summary>
/// <remarks>A body's example is made of its required fields; a route whose body needs a choice gives its own.</remarks>
static class ExampleValues
{
    public const string Id = "0193f7f2-5b1e-7c3a-9f2e-1f4b8c9d0e11";

    static readonly FrozenDictionary<string, string> Texts = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["email"] = "asha@example.org", ["password"] = "lantern-meadow-42", ["new_password"] = "meadow-lantern-43",
        ["full_name"] = "Asha Rao", ["name"] = "My phone", ["role"] = "patient", ["totp_code"] = "492039",
        ["recovery_code"] = "k7qd-93mx-p2wv", ["shown"] = "by_video", ["token"] = "the token of the message",
        ["refresh_token"] = "the refresh token",
        ["specialization"] = "Ayurveda", ["bio"] = "Sees patients with chronic pain.", ["language"] =
            "hi", ["currency"] = "INR",
        ["time_zone"] = "Asia/Kolkata", ["registration_number"] = "KA-2011-04567", ["reason"] =
            "Follow-up", ["party"] = "patient",
        ["mode"] = "all_or_nothing", ["weekday"] = "monday", ["q"] = "ayurveda", ["entity"] = "booking",
        ["action"] = "bookings.booked", ["sort"] = "next_open_slot",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    static readonly FrozenDictionary<string, int> Numbers = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        ["experience"] = 12, ["fee_minor"] = 50000, ["max_fee_minor"] = 80000, ["limit"] = 20, ["occurrences"] = 6,
        ["every_weeks"] = 1, ["slot_minutes"] = 30, ["gap_minutes"] = 5, ["horizon_days"] =
            60, ["minimum_notice_minutes"] = 60,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>An example of the field; null when only its route can know one.</summary>
    public static JsonNode? Of(string name, IOpenApiSchema schema) =>
        schema.Examples is [{ } given, ..] ? given.DeepClone()
        : schema.Enum is [{ } allowed, ..] ? allowed.DeepClone()
        : schema.Type is not { } type ? null

            : type.HasFlag(JsonSchemaType.String)
            ? schema.Format == "uuid"
            ? Id
            : Texts.TryGetValue(name, out var text)
            ? text
            : null
        : type.HasFlag(JsonSchemaType.Integer) ? Numbers.TryGetValue(name, out var number) ? number : 1
        : type.HasFlag(JsonSchemaType.Boolean) ? true
        : null;

    /// <summary>Gives each body that has none an example of its required fields, or of all.</summary>
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
                if ((Of(name, property) ?? Nested(property)) is { } value) body[name] = value;
        return body;
    }

    static JsonNode? Nested(IOpenApiSchema schema) =>
        schema.Items is { } items ? items.Properties is null ? new JsonArray() : new JsonArray(Object(items))
        : schema.Type is null || schema.Properties is not null ? Object(schema)
        : null;
}
