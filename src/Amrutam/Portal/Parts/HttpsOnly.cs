using Amrutam.Identity.Contracts;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Portal.Parts;

/// <summary>Answers a page that was asked for over plain HTTP with a page that says that HTTPS is needed, and where to
/// find it.</summary>
/// <remarks>Every page has a form, and a form has a Secure cookie, which plain HTTP cannot carry. There is no redirect:
/// behind a proxy that is not trusted the server sees plain HTTP for ever, and the browser would go in circles. In
/// Development the cookies are not Secure.</remarks>
static class HttpsOnly
{
    public static bool Refuses(HttpContext http) => !http.Request.IsHttps
        && !http.RequestServices.GetRequiredService<IHostEnvironment>().IsDevelopment();

    /// <summary>Refuses requests for pages. Files of pages and responses for programs need no cookie.</summary>
    public static Task Check(HttpContext http, RequestDelegate next) =>
        Refuses(http) && http.GetEndpoint() is { } endpoint && IsPage(endpoint)
            ? Write(http, StatusCodes.Status403Forbidden)
            : next(http);

    public static Task Write(HttpContext http, int status)
    {
        var address = http.RequestServices.GetRequiredService<PublicAddress>().Url;
        return new RazorComponentResult<HttpsOnlyPage>(new
        {
            Address = address.Scheme == Uri.UriSchemeHttps ? address : null,
            // A proxy says that its own connection is secure, and is not believed.
            IsBehindUnknownProxy = http.Request.Headers.ContainsKey("X-Forwarded-Proto"),
        })
        {
            StatusCode = status,
        }.ExecuteAsync(http);
    }

    static bool IsPage(Endpoint endpoint) =>
        endpoint.Metadata.OfType<IAuthorizeData>().Any(data => data.AuthenticationSchemes == PortalSignIn.Scheme)
        || endpoint.Metadata.OfType<AuthorizationPolicy>().Any(policy =>
            policy.AuthenticationSchemes.Contains(PortalSignIn.Scheme));
}
