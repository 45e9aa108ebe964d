using System.Text.Json;
using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Caching;
using Amrutam.Platform.Http.Problems;
using Amrutam.Portal.Api;
using Amrutam.Portal.Parts;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Primitives;

namespace Amrutam.Portal.SignIn;

/// <summary>The act of a form, or its page with these values.</summary>
delegate Task<IResult> FormAction(HttpContext http, ApiClient api, IFormCollection form);

/// <summary>A form of signed-in people.</summary>
/// <param name="Fields">The names of its fields.</param>
/// <param name="Show">Shows the page of the form again, filled in; it changes nothing.</param>
sealed record PersonForm(string Role, IReadOnlyList<string> Fields, FormAction Send, FormAction Show);

/// <summary>The forms of signed-in people. A form that is sent after its session ended is not lost: it goes sealed
/// through the sign-in and is shown again, filled in. Only its person sends it.</summary>
/// <remarks>Its antiforgery token belongs to the session that ended, so it is not checked before the sign-in, where
/// the form does nothing. A form of another site is never kept.</remarks>
static class PersonForms
{
    const int MaxKept = 16 * 1024;
    static readonly TimeSpan KeptFor = TimeSpan.FromHours(1);

    /// <param name="Route">The pattern of the form's route.</param>
    sealed record Kept(string Route, Dictionary<string, string> Values, Dictionary<string, string> Fields);

    public static void MapForm(this IEndpointRouteBuilder routes, string pattern, PersonForm form) => routes
        .MapPost(pattern, (HttpContext http, ApiClient api) => Answer(http, api, form))
        .Accepts<IFormCollection>("application/x-www-form-urlencoded")
        .WithMetadata(form, new InvalidatesItself()).AllowAnybody();

    static async Task<IResult> Answer(HttpContext http, ApiClient api, PersonForm form)
    {
        if (!http.Request.HasFormContentType) return CommonProblems.WrongMediaType.Because();
        var sent = await http.Request.ReadFormAsync(http.RequestAborted);
        if (CurrentUser.Of(http) is not { } user) return SignInFirst(http, form, sent);
        if (user.Role != form.Role)
            return await AccountPage.Of(user, http.RequestServices.GetRequiredService<PortalSignIn>(), isRefused: true);
        return await http.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(http)
            ? await form.Send(http, api, sent)
            : CommonProblems.Malformed.Because();
    }

    static IResult SignInFirst(HttpContext http, PersonForm form, IFormCollection sent)
    {
        var values = http.Request.RouteValues.ToDictionary(v => v.Key, v => v.Value?.ToString() ?? "");
        var fields = form.Fields.Where(sent.ContainsKey).ToDictionary(name => name, name => sent[name].ToString());
        var sealedForm = IsOfAnotherSite(http.Request) ? null
            : Seal(http, new(RequestLog.Route(http), values, fields));
        return SignInPages.AskAgain(sealedForm);
    }

    static bool IsOfAnotherSite(HttpRequest request) =>
        request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site";

    /// <returns>Null for a form that is too large to keep.</returns>
    static string? Seal(HttpContext http, Kept form)
    {
        var text = JsonSerializer.Serialize(form);
        return text.Length > MaxKept ? null : Protector(http).Protect(text, KeptFor);
    }

    /// <summary>Shows the page of a kept form, filled in, to the person who has just signed in.</summary>
    /// <returns>Null if there is none, or it is too old, or not for this role.</returns>
    public static async Task<IResult?> ShowAgain(HttpContext http, string? kept)
    {
        if (string.IsNullOrEmpty(kept) || Open(http, kept) is not { } form) return null;
        var route = http.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .FirstOrDefault(e => e.RoutePattern.RawText == form.Route
                && e.Metadata.GetMetadata<PersonForm>() is not null);
        if (route?.Metadata.GetMetadata<PersonForm>() is not { } known || CurrentUser.Of(http)?.Role != known.Role)
            return null;
        foreach (var (name, value) in form.Values) http.Request.RouteValues[name] = value;
        return await known.Show(http, http.RequestServices.GetRequiredService<ApiClient>(),
            new FormCollection(form.Fields.ToDictionary(f => f.Key, f => new StringValues(f.Value))));
    }

    static Kept? Open(HttpContext http, string kept)
    {
        try
        {
            return JsonSerializer.Deserialize<Kept>(Protector(http).Unprotect(kept));
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            return null;
        }
    }

    static ITimeLimitedDataProtector Protector(HttpContext http) => http.RequestServices
        .GetRequiredService<IDataProtectionProvider>().CreateProtector("kept form").ToTimeLimitedDataProtector();

    /// <summary>The value of a field; empty if it was not sent.</summary>
    public static string Field(this IFormCollection form, string name) => form[name].ToString();

    /// <summary>The value of a field that is an id; null if it is none.</summary>
    public static Guid? Id(this IFormCollection form, string name) =>
        Guid.TryParse(form[name].ToString(), out var id) ? id : null;

    /// <summary>The revision that the form showed, as an ETag; null if it names none.</summary>
    public static string? Revision(this IFormCollection form) =>
        form.Field("revision") is { Length: > 0 } revision && revision.All(char.IsAsciiDigit)
            ? $"\"{revision}\"" : null;
}
