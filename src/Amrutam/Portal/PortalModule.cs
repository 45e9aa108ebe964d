using System.Text.Encodings.Web;
using System.Text.Unicode;
using Amrutam.Identity.Contracts;
using Microsoft.AspNetCore.Authorization;

namespace Amrutam.Portal;

/// <summary>The web pages: rendered on the server, sent without script, over what the modules know.</summary>
static class PortalModule
{
    public static void AddPortal(this WebApplicationBuilder builder)
    {
        builder.Services.AddRazorComponents();
        builder.Services.AddLocalization();
        builder.Services.AddAntiforgery(o =>
        {
            o.Cookie.Name = "amrutam-form";
            o.Cookie.SameSite = SameSiteMode.Strict;
            // A Secure cookie is refused over plain http, which only a developer's machine speaks.
            o.Cookie.SecurePolicy = builder.Environment.IsDevelopment()
                ? CookieSecurePolicy.SameAsRequest
                : CookieSecurePolicy.Always;
        });
        // Text in Indian scripts is sent as it is; what HTML could misread is escaped all the same.
        builder.Services.AddSingleton(HtmlEncoder.Create(UnicodeRanges.All));
        builder.Services.AddSingleton<IProblemDetailsService, ProblemsAsPages>();
    }

    /// <summary>Before everything else, so that a refusal is told in the person's language too.</summary>
    public static void UsePortalLanguage(this WebApplication app) => app.Use(Preferences.Speak);

    public static void MapPortal(this WebApplication app)
    {
        // The API reads no forms; a route of it that came to would fail for want of this.
        app.UseWhen(MayBeAPage, pages => pages.UseAntiforgery());
        StaticFiles.Map(app);
        Preferences.Map(app);
        SignIn.Map(app);
        ForgotPassword.Map(app);
        OpenMailedLink.Map(app);
        ShowDashboard.Map(app);
        DownloadBookings.Map(app);
    }

    /// <returns>False for the API, which is for programs.</returns>
    public static bool MayBeAPage(HttpContext http) =>
        !http.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase);

    static readonly AuthorizationPolicy Anybody =
        new AuthorizationPolicyBuilder(PortalSignIn.Scheme).RequireAssertion(_ => true).Build();

    /// <summary>For everybody, signed in or not; who is, is known, so that a form's token fits its sender.</summary>
    public static void AllowAnybody(this RouteHandlerBuilder route) =>
        route.RequireAuthorization(Anybody).OpenBeforeSecondFactor().ExcludeFromDescription();
}
