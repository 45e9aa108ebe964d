using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http.Problems;
using Amrutam.Portal.Parts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Amrutam.Portal.SignIn;

/// <summary>Requests the letter with the link to a new password. The page is the same with and without such an
/// account.</summary>
static class ForgotPassword
{
    public const string Path = "/account/forgot-password";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, (bool? sent) => new RazorComponentResult<ForgotPasswordPage>(
            new { IsSent = sent == true })).AllowAnybody();
        routes.MapPost(Path, Ask).AllowAnybody();
    }

    static async Task<IResult> Ask(HttpContext http, EmailLinkActions links, [FromForm] string email)
    {
        if (await links.RequestPasswordReset(http, email) == 0) return TypedResults.LocalRedirect(Path + "?sent=true");
        return new RazorComponentResult<ForgotPasswordPage>(new { Email = email, IsRefused = true })
        {
            StatusCode = CommonProblems.TooMany.Status,
        };
    }
}
