using Amrutam.Identity.Contracts;
using Amrutam.Platform;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Amrutam.Portal;

/// <summary>Opens what the links in letters lead to: confirm an address, choose a password, take an
/// invitation.</summary>
/// <remarks>Opening shows a form and changes nothing, for mail programs and their guards open links before the reader
/// does; sending the form uses the link up.</remarks>
static class OpenMailedLink
{
    const string Done = "/account/done";

    static readonly string[] Pages = [MailedLinks.VerifyEmail, MailedLinks.ResetPassword, MailedLinks.ChangeEmail,
        MailedLinks.AcceptInvitation];

    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (var page in Pages)
            routes.MapGet(page, (MailedLinks links, string? token) => Show(links, page, token)).AllowAnybody();
        routes.MapPost(MailedLinks.VerifyEmail, (MailedLinks links, [FromForm] string token) =>
            Answer(links, MailedLinks.VerifyEmail, token, links.Verify(token))).AllowAnybody();
        routes.MapPost(MailedLinks.ChangeEmail, (MailedLinks links, [FromForm] string token) =>
            Answer(links, MailedLinks.ChangeEmail, token, links.TakeNewAddress(token))).AllowAnybody();
        routes.MapPost(MailedLinks.ResetPassword, (MailedLinks links, [FromForm] string token,
            [FromForm] string password) =>
            Answer(links, MailedLinks.ResetPassword, token, links.ChoosePassword(token, password))).AllowAnybody();
        routes.MapPost(MailedLinks.AcceptInvitation, Accept).AllowAnybody();
        routes.MapGet(Done, Tell).AllowAnybody();
    }

    static Task<IResult> Accept(MailedLinks links, [FromForm] string token, [FromForm] string password,
        [FromForm(Name = "full_name")] string? fullName) =>
        Answer(links, MailedLinks.AcceptInvitation, token, links.Accept(token, password, fullName), fullName);

    static async Task<IResult> Show(MailedLinks links, string page, string? token)
    {
        token = token?.Trim();
        var email = string.IsNullOrEmpty(token) ? null : await links.Look(page, token);
        return Page(page, token, email, isOver: !string.IsNullOrEmpty(token) && email is null);
    }

    /// <summary>Done leads away, so that reloading what comes then does not send the form again.</summary>
    static async Task<IResult> Answer(MailedLinks links, string page, string token, Task<Refusal?> done,
        string? fullName = null)
    {
        if (await done is not { } refusal) return TypedResults.LocalRedirect($"{Done}?what={Name(page)}");
        var email = await links.Look(page, token);
        return Page(page, token, email, isOver: email is null, refusal, fullName);
    }

    static RazorComponentResult<MailedLinkPage> Page(string page, string? token, string? email, bool isOver,
        Refusal? refusal = null, string? fullName = null) =>
        new(new
        {
            Address = page, Name = Name(page), Token = token ?? "", Email = email, IsOver = isOver,
            FullName = fullName, Refusal = refusal?.Objection?.Code ?? refusal?.Problem.Code,
        })
        {
            StatusCode = refusal?.Problem.Status ?? (isOver ? StatusCodes.Status404NotFound : StatusCodes.Status200OK),
        };

    static IResult Tell(string? what) => Pages.Any(page => Name(page) == what)
        ? new RazorComponentResult<MailedLinkDonePage>(new { Name = what })
        : Problems.NotFound();

    /// <summary>The page's own name, by which its words are found.</summary>
    static string Name(string page) => page[(page.LastIndexOf('/') + 1)..];
}
