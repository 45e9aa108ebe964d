using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Npgsql;

namespace Amrutam.Identity.SignIn;

/// <summary>The cookie of the web pages. It names a session, which each request checks.</summary>
/// <remarks>Page requests are few and a cookie lives for hours, so each request reads the session. The same statement
/// records when the session was last seen.</remarks>
static class PortalCookie
{
    /// <summary>The authentication scheme of pages.</summary>
    public const string Scheme = "Portal";

    /// <summary>The page for callers who are not signed in; it takes <c>?returnUrl=</c>.</summary>
    public const string Page = "/sign-in";

    public static void Configure(CookieAuthenticationOptions cookie, bool isDevelopment, IdentitySettings settings)
    {
        // Browsers refuse a cookie with the __Host- prefix from a subdomain or over plain http, as in Development.
        cookie.Cookie.Name = isDevelopment ? "amrutam" : "__Host-amrutam";
        cookie.Cookie.HttpOnly = true;
        cookie.Cookie.SameSite = SameSiteMode.Lax;
        cookie.Cookie.SecurePolicy = isDevelopment ? CookieSecurePolicy.SameAsRequest : CookieSecurePolicy.Always;
        cookie.ExpireTimeSpan = TimeSpan.FromHours(settings.PortalSessionHours);
        cookie.SlidingExpiration = false;
        cookie.LoginPath = Page;
        cookie.AccessDeniedPath = Page;
        cookie.ReturnUrlParameter = "returnUrl";
        cookie.Events.OnValidatePrincipal = Validate;
        cookie.Events.OnRedirectToAccessDenied = RecordAndRedirect;
    }

    public static UserIdentity Identity(CurrentUser user) => new(user, Scheme);

    static Task RecordAndRedirect(RedirectContext<CookieAuthenticationOptions> context)
    {
        if (CurrentUser.Of(context.HttpContext) is { } user)
            context.HttpContext.RequestServices.GetRequiredService<FailedAttempts>()
                .Count(FailedAttempts.Request, user.Id, user.Role);
        context.Response.Redirect(context.RedirectUri);
        return Task.CompletedTask;
    }

    static async Task Validate(CookieValidatePrincipalContext context)
    {
        var services = context.HttpContext.RequestServices;
        var found = Guid.TryParse(context.Principal?.FindFirst("sid")?.Value, out var session)
            ? await services.GetRequiredService<NpgsqlDataSource>().Statement(See).With(session)
                .With(services.GetRequiredService<IdentitySettings>().PortalIdleMinutes)
                .One(row => Identity(new(row.GetGuid(0), row.GetString(1), session, row.GetBoolean(2))))
            : null;
        if (found is null) context.RejectPrincipal();
        else context.ReplacePrincipal(new(found));
    }

    const string See = """
        update identity.sessions s set last_seen_at = now()
          from identity.users u
         where s.id = $1 and s.kind = 'portal' and u.id = s.user_id and u.suspended_at is null
           and s.ended_at is null and s.expires_at > now() and s.last_seen_at > now() - $2 * interval '1 minute'
        returning u.id, u.role, s.second_factor
        """;
}
