using System.Text.Encodings.Web;
using System.Text.Unicode;
using Amrutam.Platform.Modules;
using Amrutam.Portal.Api;
using Amrutam.Portal.Dashboard;
using Amrutam.Portal.Day;
using Amrutam.Portal.Desk;
using Amrutam.Portal.Finding;
using Amrutam.Portal.Home;
using Amrutam.Portal.Parts;
using Amrutam.Portal.Reminders;
using Amrutam.Portal.SignIn;
using Amrutam.Portal.Visits;
using Amrutam.Portal.Waiting;

namespace Amrutam.Portal;

/// <summary>The web pages, rendered on the server without script from the contracts of the modules.</summary>
sealed class PortalModule : IModule
{
    public string Name => "Portal";

    public string? Schema => null;

    public bool IsLeaf => true;

    public void Add(ModuleBuilder module)
    {
        module.Services.AddRazorComponents();
        module.Services.AddLocalization();
        module.Services.AddAntiforgery(o =>
        {
            o.Cookie.Name = "amrutam-form";
            o.Cookie.SameSite = SameSiteMode.Strict;
            // Browsers refuse a Secure cookie over plain http, which only developers use.
            o.Cookie.SecurePolicy = module.Environment.IsDevelopment()
                ? CookieSecurePolicy.SameAsRequest
                : CookieSecurePolicy.Always;
        });
        // The one secret of a page is its form's token, which is encrypted differently in each response. So the length
        // of a compressed page discloses nothing of it.
        module.Services.AddResponseCompression(o =>
        {
            o.EnableForHttps = true;
            o.MimeTypes = ["text/html", "text/css", "image/svg+xml"];
        });
        // Text in Indian scripts is sent unescaped; the special characters of HTML are still escaped.
        module.Services.AddSingleton(HtmlEncoder.Create(UnicodeRanges.All));
        module.Services.AddSingleton<IProblemDetailsService, ProblemsAsPages>().AddSingleton<ApiClient>();
    }

    /// <summary>Chooses the language first, so that a problem page has it too.</summary>
    public void UseFirst(WebApplication app)
    {
        app.Use(Preferences.Speak);
        app.UseWhen(PageAccess.MayBeAPage, pages => pages.UseResponseCompression());
    }

    /// <summary>Checks the tokens of forms. The API reads no forms, and a route of it that did would fail because this
    /// token is missing.</summary>
    public void UseLast(WebApplication app) =>
        app.UseWhen(PageAccess.MayBeAPage, pages => pages.Use(HttpsOnly.Check).UseAntiforgery());

    public void Map(IEndpointRouteBuilder routes)
    {
        StaticFiles.Map(routes);
        Preferences.Map(routes);
        ChooseZone.Map(routes);
        ShowHome.Map(routes);
        SignInPages.Map(routes);
        SignUpPages.Map(routes);
        EnrolSecondFactor.Map(routes);
        ForgotPassword.Map(routes);
        OpenEmailLink.Map(routes);
        Unsubscribe.Map(routes);
        FindDoctors.Map(routes);
        ShowWeek.Map(routes);
        MapVisits(routes);
        ShowDay.Map(routes);
        TakeStep.Map(routes);
        ShowDesk.Map(routes);
        CheckInVisit.Map(routes);
        ShowDashboard.Map(routes);
        DownloadBookings.Map(routes);
        VerifyWaitingDoctor.Map(routes);
    }

    static void MapVisits(IEndpointRouteBuilder routes)
    {
        HoldTime.Map(routes);
        ConfirmVisit.Map(routes);
        BookVisit.Map(routes);
        ListVisits.Map(routes);
        ShowVisit.Map(routes);
        DownloadCalendar.Map(routes);
        CancelVisit.Map(routes);
        MoveVisit.Map(routes);
        ListLines.Map(routes);
        JoinLine.Map(routes);
        AnswerOffer.Map(routes);
    }
}
