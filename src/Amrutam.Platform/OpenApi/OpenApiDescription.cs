using System.Reflection;
using System.Text.Json;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Modules;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using NodaTime;

namespace Amrutam.Platform.OpenApi;

/// <summary>The API's description (OpenAPI 3.1) and its page for trying the API.</summary>
static class OpenApiDescription
{
    const string Document = "v1", Bearer = "bearer", PagePath = "api-docs";

    public static void AddApiDescription(this WebApplicationBuilder builder) => builder.Services.AddOpenApi(
        Document, o =>
    {
        o.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        o.CreateSchemaReferenceId = type =>
            IsInline(type.Type) ? null : SchemaName(type.Type) ?? OpenApiOptions.CreateDefaultSchemaReferenceId(type);
        o.AddSchemaTransformer(Describe);
        o.AddOperationTransformer(OperationDescription.Complete);
        o.AddDocumentTransformer(Describe);
    });

    public static void MapApiDescription(this WebApplication app)
    {
        app.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous();
        // The middleware runs only on its own paths, because it would match every request's path with regular
        // expressions.
        app.UseWhen(IsForThePage, page => page.UseSwaggerUI(o =>
        {
            o.RoutePrefix = PagePath;
            o.DocumentTitle = "Amrutam API";
            o.SwaggerEndpoint($"/openapi/{Document}.json", "Amrutam");
            o.EnablePersistAuthorization();
            o.EnableTryItOutByDefault();
            o.DisplayRequestDuration();
        }));
    }

    /// <summary>True if the request is for the page for trying the API, or for a part of it.</summary>
    public static bool IsForThePage(HttpContext http) =>
        http.Request.Path.StartsWithSegments("/" + PagePath, StringComparison.OrdinalIgnoreCase);

    /// <summary>The description as text, from a server that is built and not started.</summary>
    public static async Task<string> Read(WebApplication app)
    {
        app.UseEndpoints(_ => { });
        var document = await app.Services.GetRequiredKeyedService<IOpenApiDocumentProvider>(Document)
            .GetOpenApiDocumentAsync();
        return await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1) + "\n";
    }

    /// <summary>
    /// A feature's nested record is named after the feature: <c>BookSlotRequest</c>. A list of them adds its own name.
    /// </summary>
    static string? SchemaName(Type type) =>
        Nullable.GetUnderlyingType(type) is { } inner ? SchemaName(inner)
        : type.GetCustomAttribute<SchemaNameAttribute>() is { } given ? given.Name
        : type.IsGenericType && type.Namespace?.StartsWith("Amrutam", StringComparison.Ordinal) == true
            ? string.Concat(type.GetGenericArguments().Select(a => SchemaName(a) ?? a.Name)) + type.Name.Split('`')[0]
        : type.DeclaringType is { } feature ? feature.Name + type.Name
        : type.Namespace?.StartsWith("Amrutam", StringComparison.Ordinal) == true ? type.Name : null;

    static bool IsInline(Type type) =>
        (Nullable.GetUnderlyingType(type) ?? type) is var plain
        && (Format(plain) is not null || plain == typeof(JsonElement));

    const string TimeOfDay = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?";

    static (string? Format, string? Pattern, string Example)? Format(Type type) =>
        type == typeof(Instant) ? ("date-time", null, "2030-01-07T04:00:00Z")
        : type == typeof(LocalDate) ? ("date", null, "2030-01-07")
        : type == typeof(LocalTime) ? (null, $"^{TimeOfDay}$", "09:30")
        : type == typeof(EndTime) ? (null, $"^({TimeOfDay}|{EndTime.EndOfDay})$", "10:00")
        : null;

    static Task Describe(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken ct)
    {
        var type = context.JsonTypeInfo.Type;
        if (Format(Nullable.GetUnderlyingType(type) ?? type) is { } text)
        {
            schema.Type = Nullable.GetUnderlyingType(type) is null
                ? JsonSchemaType.String
                : JsonSchemaType.String | JsonSchemaType.Null;
            (schema.Format, schema.Pattern, schema.Examples) = (text.Format, text.Pattern, [text.Example]);
        }
        // Any JSON is an object here, so that null matches only one branch of a nullable member.
        if (type == typeof(JsonElement)) schema.Type = JsonSchemaType.Object;
        if (type == typeof(JsonElement?)) schema.Type = JsonSchemaType.Object | JsonSchemaType.Null;
        return Task.CompletedTask;
    }

    static async Task Describe(OpenApiDocument document, OpenApiDocumentTransformerContext context,
        CancellationToken ct)
    {
        var terms = ApiTerms.Of(context.ApplicationServices.GetRequiredService<IReadOnlyList<IModule>>());
        document.Info = Info();
        document.Servers = [new() { Url = "/", Description = "The server that gave this document." }];
        document.Tags = Ordered(document.Tags ?? new HashSet<OpenApiTag>(), terms);
        document.Components ??= new();
        document.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal);
        document.Components.Schemas[ProblemSchema.Name] = ProblemSchema.Make();
        foreach (var member in terms.Extensions) await Add(member, document, context, ct);
        FieldDescription.AddTo(document, terms);
        ExampleValues.AddTo(document);
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
        {
            [Bearer] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT",
                Description = "The `access_token` of POST /api/auth/login.",
            },
        };
    }

    /// <summary>The tags with their descriptions, in the order of a first visit, which the page follows.</summary>
    static SortedSet<OpenApiTag> Ordered(IEnumerable<OpenApiTag> tags, ApiTerms terms)
    {
        var byPlace = Comparer<OpenApiTag>.Create((a, b) =>
            (Place(a), a.Name!).CompareTo((Place(b), b.Name!)));
        var ordered = new SortedSet<OpenApiTag>(tags, byPlace);
        foreach (var tag in ordered) tag.Description = terms.Tags.GetValueOrDefault(tag.Name!)?.Description;
        return ordered;

        int Place(OpenApiTag tag) => terms.Tags.GetValueOrDefault(tag.Name!)?.Place ?? int.MaxValue;
    }

    static OpenApiInfo Info() => new()
    {
        Title = "Amrutam", Version = typeof(OpenApiDescription).Assembly.GetName().Version!.ToString(3),
        Description = "Doctors offer slots, patients book them. Ids are UUIDs, instants RFC 3339 in UTC, money in "
            + "minor units. Errors are RFC 9457 problems; `code` is the name of the rule that refused, and "
            + "`/problems/{code}` explains it.",
        Contact = new() { Name = "The maintainers of Amrutam" },
        License = new() { Name = "Apache-2.0", Identifier = "Apache-2.0" },
    };

    static async Task Add(ExtensionMember member, OpenApiDocument document, OpenApiDocumentTransformerContext context,
        CancellationToken ct)
    {
        var schemas = document.Components!.Schemas!;
        var owner = (OpenApiSchema)schemas[member.Schema];
        owner.Properties ??= new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal);
        if (SchemaName(member.Type) is not { } name)
        {
            // A text or an instant has no schema of its own.
            var value = await context.GetOrCreateSchemaAsync(member.Type, cancellationToken: ct);
            if (member.IsList) value = new() { Type = JsonSchemaType.Array, Items = value };
            value.Description = member.Description;
            owner.Properties[member.Name] = value;
            return;
        }
        if (!schemas.ContainsKey(name))
        {
            var made = await context.GetOrCreateSchemaAsync(member.Type, cancellationToken: ct);
            made.Description ??= member.Description;
            schemas[name] = made;
        }
        var one = new OpenApiSchemaReference(name, document);
        owner.Properties[member.Name] = member.IsList
            ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = one, Description = member.Description }
            : new OpenApiSchemaReference(name, document) { Description = member.Description };
    }

    public static OpenApiSecurityRequirement SignedIn(OpenApiDocument document) =>
        new() { [new OpenApiSecuritySchemeReference(Bearer, document)] = [] };
}

/// <summary>An example of a route's body, or of one of its parameters when it has a name.</summary>
sealed record RouteExample(string? Parameter, object Value);

static class ExamplesOnRoutes
{
    /// <summary>Gives an example of the request or of the response, depending on the value's type.</summary>
    public static TBuilder Example<TBuilder>(this TBuilder route, object value)
        where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new RouteExample(null, value));

    /// <summary>Gives an example of a parameter of the path, the query or the headers, by its name there.</summary>
    public static TBuilder Example<TBuilder>(this TBuilder route, string parameter, object value)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new RouteExample(parameter, value));
}
