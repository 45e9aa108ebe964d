using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http.Problems;
using Amrutam.Portal.Parts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Amrutam.Portal.SignIn;

/// <summary>Asks for the letter by which a new password is chosen; the page says the same whether or not there is such
/// an account.</summary>
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
