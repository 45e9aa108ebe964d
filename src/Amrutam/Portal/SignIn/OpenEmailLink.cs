using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http.Problems;
using Amrutam.Portal.Parts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Amrutam.Portal.SignIn;

/// <summary>Serves the pages of e-mailed links: confirm an address, choose a password, accept an invitation.</summary>
/// <remarks>Opening a link only shows a form, because mail scanners open links before the reader does. Sending the form
/// uses the link up.</remarks>
static class OpenEmailLink
{
    const string Done = "/account/done";

    static readonly string[] Pages = [EmailLinkActions.VerifyEmail, EmailLinkActions.ResetPassword,
        EmailLinkActions.ChangeEmail, EmailLinkActions.AcceptInvitation];

    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (var page in Pages)
            routes.MapGet(page, (EmailLinkActions links, string? token) => Show(links, page, token)).AllowAnybody();
        routes.MapPost(EmailLinkActions.VerifyEmail, (EmailLinkActions links, [FromForm] string token) =>
            Answer(links, EmailLinkActions.VerifyEmail, token, links.ConfirmAddress(token))).AllowAnybody();
        routes.MapPost(EmailLinkActions.ChangeEmail, (EmailLinkActions links, [FromForm] string token) =>
            Answer(links, EmailLinkActions.ChangeEmail, token, links.ConfirmNewAddress(token))).AllowAnybody();
        routes.MapPost(EmailLinkActions.ResetPassword, (EmailLinkActions links, [FromForm] string token,
            [FromForm] string password) =>
            Answer(links, EmailLinkActions.ResetPassword, token, links.ChoosePassword(token, password))).AllowAnybody();
        routes.MapPost(EmailLinkActions.AcceptInvitation, Accept).AllowAnybody();
        routes.MapGet(Done, ShowDone).AllowAnybody();
    }

    static Task<IResult> Accept(EmailLinkActions links, [FromForm] string token, [FromForm] string password,
        [FromForm(Name = "full_name")] string? fullName) =>
        Answer(links, EmailLinkActions.AcceptInvitation, token, links.Accept(token, password, fullName), fullName);

    static async Task<IResult> Show(EmailLinkActions links, string page, string? token)
    {
        token = token?.Trim();
        var email = string.IsNullOrEmpty(token) ? null : await links.FindEmail(page, token);
        return Page(page, token, email, isOver: !string.IsNullOrEmpty(token) && email is null);
    }

    /// <summary>Success redirects, so that a reload does not send the form again.</summary>
    static async Task<IResult> Answer(EmailLinkActions links, string page, string token, Task<EmailLinkProblem?> done,
        string? fullName = null)
    {
        if (await done is not { } problem) return TypedResults.LocalRedirect($"{Done}?what={Name(page)}");
        var email = await links.FindEmail(page, token);
        return Page(page, token, email, isOver: email is null, problem, fullName);
    }

    static RazorComponentResult<EmailLinkPage> Page(string page, string? token, string? email, bool isOver,
        EmailLinkProblem? problem = null, string? fullName = null) =>
        new(new
        {
            Address = page, Name = Name(page), Token = token ?? "", Email = email, IsOver = isOver,
            FullName = fullName, Refusal = problem?.Code,
        })
        {
            StatusCode = problem?.Status ?? (isOver ? StatusCodes.Status404NotFound : StatusCodes.Status200OK),
        };

    static IResult ShowDone(string? what) => Pages.Any(page => Name(page) == what)
        ? new RazorComponentResult<EmailLinkDonePage>(new { Name = what })
        : CommonProblems.NotFound();

    /// <summary>The page's name, which is part of the keys of its words.</summary>
    static string Name(string page) => page[(page.LastIndexOf('/') + 1)..];
}
