using System.Text.Json;
using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http;
using Amrutam.Portal.Api;
using Amrutam.Portal.Parts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Amrutam.Portal.SignIn;

/// <summary>Creates a patient's account, and signs them in.</summary>
static class SignUpPages
{
    public const string Path = "/sign-up";

    sealed record Request(string Email, string Password, string? FullName);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, (string? returnUrl = null) => new RazorComponentResult<SignUpPage>(
            new { ReturnUrl = Preferences.Ours(returnUrl) })).AllowAnybody();
        routes.MapPost(Path, Send).AllowAnybody();
    }

    static async Task<IResult> Send(HttpContext http, ApiClient api, PortalSignIn portal, [FromForm] string email,
        [FromForm] string password, [FromForm(Name = "full_name")] string? name,
        [FromForm(Name = "return_url")] string? returnUrl)
    {
        var made = await api.Send<JsonElement>(http, HttpMethod.Post, "/api/auth/signup",
            new Request(email, password, string.IsNullOrWhiteSpace(name) ? null : name));
        if (made.Problem is null && await portal.SignIn(http, email, password) == PortalSignInOutcome.SignedIn)
            return TypedResults.LocalRedirect(Preferences.Ours(returnUrl));
        return Pages.Show<SignUpPage>(
            new { ReturnUrl = Preferences.Ours(returnUrl), Email = email, Name = name, made.Problem }, made.Problem);
    }
}
