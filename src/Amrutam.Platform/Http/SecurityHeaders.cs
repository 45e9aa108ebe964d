using Amrutam.Platform.OpenApi;

namespace Amrutam.Platform.Http;

/// <summary>The headers of every response, errors included.</summary>
/// <remarks>They are set when the response starts, so no later step can clear them.</remarks>
sealed class SecurityHeaders(RequestDelegate next, IHostEnvironment environment)
{
    const string NothingButOurs = "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    // Swagger UI runs its own script, has inline styles and calls the API. This server serves all of it.
    const string SwaggerUi = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        + "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

    // A year is the least that browsers' preload lists accept.
    const string AYear = "max-age=31536000; includeSubDomains";

    // Overload and limits pass quickly. Code with a better value sets the header itself.
    const string RetryAfterSeconds = "1";

    readonly Func<object, Task> _set = environment.IsDevelopment() ? SetWithoutHsts : SetWithHsts;

    public Task Invoke(HttpContext http)
    {
        http.Response.OnStarting(_set, http);
        return next(http);
    }

    static Task SetWithHsts(object http)
    {
        ((HttpContext)http).Response.Headers.StrictTransportSecurity = AYear;
        return SetWithoutHsts(http);
    }

    static Task SetWithoutHsts(object state)
    {
        var http = (HttpContext)state;
        var headers = http.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
        headers.XFrameOptions = "DENY";
        headers.ContentSecurityPolicy = OpenApiDescription.IsForThePage(http) ? SwaggerUi : NothingButOurs;
        // A response is private unless its route says otherwise. So a forgotten header leaves no bookings in a shared
        // cache.
        if (headers.CacheControl.Count == 0) headers.CacheControl = "no-store";
        if (http.Response.StatusCode is 429 or 503 && headers.RetryAfter.Count == 0)
            headers.RetryAfter = RetryAfterSeconds;
        if (http.Response.StatusCode is 401 && headers.WWWAuthenticate.Count == 0) headers.WWWAuthenticate = "Bearer";
        if (headers.Location is [{ } location]) headers.Location = WithoutHost(http.Request, location);
        return Task.CompletedTask;
    }

    /// <summary>An address of this server as a path: the host of a request is the caller's word.</summary>
    static string WithoutHost(HttpRequest request, string location)
    {
        var origin = $"{request.Scheme}://{request.Host}";
        return location.StartsWith(origin + '/', StringComparison.OrdinalIgnoreCase) ? location[origin.Length..]
            : location;
    }
}
