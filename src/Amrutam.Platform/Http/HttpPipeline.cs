using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Caching;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Operations;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Console;

namespace Amrutam.Platform.Http;

/// <summary>The steps that every request passes through, in every module.</summary>
static class HttpPipeline
{
    public const string DefaultUrl = "http://127.0.0.1:5080";

    public static void AddHttp(this WebApplicationBuilder builder)
    {
        var settings = builder.AddSettings<HttpSettings>("Http");
        builder.AddSettings<ManagementSettings>("Management");
        if (builder.Configuration["urls"] is null && builder.Configuration["http_ports"] is null)
            builder.WebHost.UseUrls(DefaultUrl);
        builder.WebHost.ConfigureKestrel(o =>
        {
            o.AddServerHeader = false;
            o.Limits.MaxRequestBodySize = BodyLimit.ReadAndThrownAwayBytes;
        });
        builder.Logging.AddLogs(builder.Environment);
        // The setting is read now, so that a wrong one stops the start before anything has begun.
        var cors = settings.Cors();
        settings.Proxies();
        // The framework's own way, through a pipe, ends each body with a comparison by reflection.
        AppContext.SetSwitch("Microsoft.AspNetCore.UseStreamBasedJsonParsing", true);
        builder.Services.ConfigureHttpJsonOptions(o => Json.Configure(o.SerializerOptions));
        // The framework throws, so that one place (ExceptionMiddleware) decides the response to a bad request in every
        // environment.
        builder.Services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddCors(o => o.AddDefaultPolicy(cors));
        builder.Services.AddSingleton<CacheInvalidation>()
            .AddHostedService(services => services.GetRequiredService<CacheInvalidation>());
        builder.Services.AddSingleton<Draining>().AddHostedService(services => services.GetRequiredService<Draining>());
        builder.Services.AddSingleton<ManagementServer>()
            .AddHostedService(services => services.GetRequiredService<ManagementServer>());
        builder.Services.AddSingleton(new ManagementPage((routes, services) =>
            routes.MapGet("/health", http => ManagementServer.WriteHealth(services, http))));
        builder.Services.AddSingleton(new HealthPart("database", ManagementServer.ReadDatabase))
            .AddSingleton(new HealthPart("invariants", ManagementServer.ReadInvariants));
    }

    /// <summary>Adds the steps before the caller is known.</summary>
    public static void UseHttp(this WebApplication app)
    {
        var settings = app.Services.GetRequiredService<HttpSettings>();
        if (settings.Proxies() is { } proxies) app.UseForwardedHeaders(proxies);
        app.UseMiddleware<SecurityHeaders>();
        app.UseMiddleware<RequestLog>();
        app.UseMiddleware<ExceptionMiddleware>();
        app.UseRouting();
        if (settings.AllowedOrigins.Length > 0) app.UseCors();
        app.UseMiddleware<PublicResponseCache>();
        app.Use(RefuseRoutesWithoutPolicy);
    }

    /// <summary>Adds the checks of requests that their caller may make.</summary>
    public static void UseRequestChecks(this WebApplication app)
    {
        app.Use(RefuseNullCharacters);
        app.Use(RefuseOtherMediaTypes);
        app.Use(BodyLimit.Refuse);
    }

    public static bool StatesPolicy(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<IAuthorizeData>() is not null
            || endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null;

    /// <summary>Sets the form of log lines: for people in Development, for machines elsewhere. It is the same before
    /// there is a host.</summary>
    public static void AddLogs(this ILoggingBuilder logging, IHostEnvironment environment)
    {
        logging.ClearProviders().AddSimpleConsole(o => (o.SingleLine, o.TimestampFormat) = (true, "HH:mm:ss "));
        logging.AddConsoleFormatter<JsonLog, ConsoleFormatterOptions>();
        logging.Services.TryAddSingleton(TimeProvider.System);
        logging.Services.Configure<ConsoleLoggerOptions>(o => o.FormatterName =
            environment.IsDevelopment() ? ConsoleFormatterNames.Simple : JsonLog.FormatterName);
    }

    /// <summary>Makes a route without a policy refuse everybody.</summary>
    static Task RefuseRoutesWithoutPolicy(HttpContext http, RequestDelegate next) =>
        http.GetEndpoint() is RouteEndpoint endpoint && !StatesPolicy(endpoint)
            ? ProblemResponses.Write(http, CommonProblems.RoleMayNot)
            : next(http);

    /// <summary>Refuses U+0000, which PostgreSQL cannot hold in text. Kestrel refuses it in a path, and
    /// RequestValidation in a body.</summary>
    static Task RefuseNullCharacters(HttpContext http, RequestDelegate next)
    {
        if (http.Request.QueryString.Value?.Contains("%00", StringComparison.Ordinal) is not true) return next(http);
        var errors = http.Request.Query
            .Where(q => q.Value.Any(v => v?.Contains('\0', StringComparison.Ordinal) == true))
            .ToDictionary(
                q => q.Key.Replace("\0", "", StringComparison.Ordinal),
                _ => new[] { "has a character that is not allowed" });
        return ProblemResponses.Write(http, CommonProblems.Invalid, errors: errors);
    }

    /// <summary>Refuses a caller who does not accept the media types of this route. A caller without an Accept header
    /// accepts all.</summary>
    static Task RefuseOtherMediaTypes(HttpContext http, RequestDelegate next)
    {
        if (http.Request.Headers.Accept is not { Count: > 0 } accept || http.GetEndpoint() is not RouteEndpoint endpoint
            || endpoint.RoutePattern.RawText?.StartsWith("/api", StringComparison.Ordinal) is not true)
            return next(http);
        var ranges = accept.ToString();
        return Written(endpoint).Any(type => Accepts(ranges, type))
            ? next(http)
            : ProblemResponses.Write(http, CommonProblems.NotAcceptable);
    }

    static IEnumerable<string> Written(RouteEndpoint endpoint) =>
        endpoint.Metadata.OfType<IProducesResponseTypeMetadata>().SelectMany(m => m.ContentTypes)
            .Append("application/json");

    static bool Accepts(string ranges, string type) =>
        ranges.Contains(type, StringComparison.OrdinalIgnoreCase)
        || ranges.Contains("*/*", StringComparison.Ordinal)
        || ranges.Contains(type.Split('/')[0] + "/*", StringComparison.OrdinalIgnoreCase);
}
