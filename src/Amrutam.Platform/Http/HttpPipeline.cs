using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Caching;
using Amrutam.Platform.Http.Limits;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Operations;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Console;

namespace Amrutam.Platform.Http;

/// <summary>The steps that every request passes through, in every module.</summary>
static partial class HttpPipeline
{
    const string DefaultUrl = "http://127.0.0.1:5080";

    /// <summary>The public addresses that the settings name, separated by semicolons.</summary>
    public static string Urls(IConfiguration settings) => settings["urls"] ?? (settings["http_ports"] is { } ports
        ? string.Join(';', ports.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(port => "http://+:" + port))
        : DefaultUrl);

    public static void AddHttp(this WebApplicationBuilder builder)
    {
        var settings = builder.AddSettings<HttpSettings>("Http");
        builder.AddSettings<RequestLimits>("Limits");
        builder.AddSettings<ManagementSettings>("Management");
        if (builder.Configuration["urls"] is null && builder.Configuration["http_ports"] is null)
            builder.WebHost.UseUrls(DefaultUrl);
        builder.WebHost.ConfigureKestrel(o =>
        {
            o.AddServerHeader = false;
            o.Limits.MaxRequestBodySize = BodyLimit.ReadAndThrownAwayBytes;
            settings.Limit(o.Limits);
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
        builder.Services.AddSingleton<Downloads>().AddSingleton<CacheInvalidation>()
            .AddHostedService(services => services.GetRequiredService<CacheInvalidation>());
        builder.Services.AddSingleton<Draining>().AddHostedService(services => services.GetRequiredService<Draining>());
        builder.Services.AddSingleton<ManagementServer>()
            .AddHostedService(services => services.GetRequiredService<ManagementServer>());
        builder.Services.AddSingleton(new ManagementPage((routes, services) =>
        {
            routes.MapGet("/health", http => ManagementServer.WriteHealth(services, http));
            routes.MapGet("/health/live", http => ManagementServer.WriteLiveness(services, http));
        }));
        builder.Services.AddSingleton(new HealthPart("database", ManagementServer.ReadDatabase))
            .AddSingleton(new HealthPart("invariants", ManagementServer.ReadInvariants));
    }

    /// <summary>True if the server neither speaks TLS itself nor knows a proxy that does.</summary>
    public static bool HasNoTls(IServiceProvider services)
    {
        var settings = services.GetRequiredService<IConfiguration>();
        return services.GetRequiredService<HttpSettings>().TrustedProxies.Length == 0
            && !settings.GetSection("Kestrel:Endpoints").Exists() && settings["https_ports"] is null
            && !Urls(settings).Contains("https://", StringComparison.OrdinalIgnoreCase);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "there is no TLS, so no page opens and tokens are sent in "
        + "clear: put a proxy with TLS before the server, and set Http__TrustedProxies")]
    public static partial void LogNoTls(ILogger log);

    /// <summary>The first parts of the pipeline, which have to hold whatever fails after them.</summary>
    public static void UseFirst(this WebApplication app)
    {
        app.UseMiddleware<HeadRequests>();
        app.UseMiddleware<SecurityHeaders>();
        app.UseMiddleware<RequestLog>();
        app.UseMiddleware<LastResort>();
    }

    /// <summary>Adds the steps before the caller is known.</summary>
    public static void UseHttp(this WebApplication app)
    {
        var settings = app.Services.GetRequiredService<HttpSettings>();
        if (settings.Proxies() is { } proxies) app.UseForwardedHeaders(proxies);
        app.UseMiddleware<ExceptionMiddleware>();
        app.UseRouting();
        if (settings.AllowedOrigins.Length > 0) app.UseCors();
        app.Use(AnswerOptions);
        app.UseMiddleware<QueryParameters>();
        app.UseMiddleware<PublicResponseCache>();
        app.Use(RefuseRoutesWithoutPolicy);
    }

    /// <summary>Adds the checks of requests that their caller may make.</summary>
    public static void UseRequestChecks(this WebApplication app)
    {
        app.UseMiddleware<RequestLimiter>();
        app.Use(RefuseOtherMediaTypes);
        app.Use(BodyEncoding.Refuse);
        app.UseMiddleware<BodyLimit>();
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

    /// <summary>Answers OPTIONS on a known path with the methods that it has. Routing's own answer is 405, with the
    /// header Allow.</summary>
    static async Task AnswerOptions(HttpContext http, RequestDelegate next)
    {
        if (!HttpMethods.IsOptions(http.Request.Method)
            || http.GetEndpoint() is not { RequestDelegate: { } refuse } endpoint || endpoint is RouteEndpoint)
        {
            await next(http);
            return;
        }
        await refuse(http);
        HeadRequests.AllowWithGet(http.Response);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    /// <summary>Makes a route without a policy refuse everybody.</summary>
    static Task RefuseRoutesWithoutPolicy(HttpContext http, RequestDelegate next) =>
        http.GetEndpoint() is RouteEndpoint endpoint && !StatesPolicy(endpoint)
            ? ProblemResponses.Write(http, CommonProblems.RoleMayNot)
            : next(http);

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
