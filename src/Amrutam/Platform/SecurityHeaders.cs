namespace Amrutam.Platform;

/// <summary>The headers that every answer carries, errors included.</summary>
sealed class SecurityHeaders(RequestDelegate next, IHostEnvironment environment)
{
    const string NothingButOurs =
        "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    // Swagger UI runs its own script and asks the API; it is served by us alone.
    const string SwaggerUi =
        "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        + "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";

    public Task Invoke(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
        headers.XFrameOptions = "DENY";
        headers.ContentSecurityPolicy = http.Request.Path.StartsWithSegments("/api-docs", StringComparison.Ordinal)
            ? SwaggerUi : NothingButOurs;
        // A year, the least that browsers' preload lists accept.
        if (!environment.IsDevelopment()) headers.StrictTransportSecurity = "max-age=31536000; includeSubDomains";
        // Personal unless a route says otherwise: forgetting this must not leave somebody's bookings in a shared cache.
        if (http.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal)) headers.CacheControl = "no-store";
        return next(http);
    }
}
