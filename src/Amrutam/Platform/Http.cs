using Microsoft.AspNetCore.Authorization;

namespace Amrutam.Platform;

/// <summary>What every request goes through, whichever module answers it.</summary>
static class Http
{
    const int BodyLimitBytes = 128 * 1024;

    public static void AddHttp(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(o =>
        {
            o.AddServerHeader = false;
            o.Limits.MaxRequestBodySize = BodyLimitBytes;
        });
        builder.Services.ConfigureHttpJsonOptions(o => Json.Configure(o.SerializerOptions));
        // Thrown, so that one place (Failures) decides what a bad request is told, in every environment.
        builder.Services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        builder.Services.AddExceptionHandler<Failures>();
        // The framework's writer would put the whole traceparent there; log lines and events carry the trace id alone.
        builder.Services.AddProblemDetails(o => o.CustomizeProblemDetails = c =>
            c.ProblemDetails.Extensions["trace_id"] = Problems.Trace());
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<PageKey>();
        builder.Services.AddAuthorizationBuilder()
            .AddPolicy(Allow.SignedIn, p => p.RequireAuthenticatedUser())
            .AddPolicy(Allow.Patient, p => p.RequireRole(Allow.Patient))
            .AddPolicy(Allow.Doctor, p => p.RequireRole(Allow.Doctor))
            .AddPolicy(Allow.Admin, p => p.RequireRole(Allow.Admin))
            .AddPolicy(Allow.PatientOrDoctor, p => p.RequireRole(Allow.Patient, Allow.Doctor));
    }

    public static void UseHttp(this WebApplication app)
    {
        app.UseMiddleware<SecurityHeaders>();
        app.UseMiddleware<RequestLog>();
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            StatusCodeSelector = e =>
                e is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status500InternalServerError,
            SuppressDiagnosticsCallback = _ => true,
        });
        app.UseStatusCodePages(context => context.HttpContext.Response.HasStarted
            ? Task.CompletedTask
            : Problems.Write(context.HttpContext, Problems.ForStatus(context.HttpContext.Response.StatusCode)));
        app.UseRouting();
        app.UseAuthentication();
        app.Use(RefuseRoutesWithoutPolicy);
        app.UseAuthorization();
    }

    /// <summary>A route whose author forgot to say who may call it refuses everybody, rather than nobody.</summary>
    static Task RefuseRoutesWithoutPolicy(HttpContext http, RequestDelegate next) =>
        http.GetEndpoint() is RouteEndpoint endpoint && !StatesPolicy(endpoint) ? Problems
            .Write(http, Problems.RoleMayNot) : next(http);

    public static bool StatesPolicy(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<IAuthorizeData>() is not null
            || endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null;
}
