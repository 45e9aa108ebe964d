using System.Globalization;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Platform.Http;

/// <summary>The section <c>SecurityTxt</c>: whom to inform about a weakness (RFC 9116).</summary>
sealed class SecurityTxtSettings
{
    /// <summary>An address of kind <c>mailto:</c>, <c>https:</c> or <c>tel:</c>; without one there is no such
    /// file.</summary>
    public string? Contact { get; init; }

    /// <summary>The instant after which the file is not to be used, as <c>2027-06-30T00:00:00Z</c>. Required with a
    /// contact: a person confirms by it that the contact is still right.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>The https address of the policy for reports; none by default.</summary>
    public string? Policy { get; init; }

    /// <summary>The text of the file; null without a contact.</summary>
    /// <exception cref="StartupException">A setting is missing or has a form that the RFC does not allow.</exception>
    public string? Text()
    {
        if (string.IsNullOrEmpty(Contact)) return null;
        if (!IsOf(Contact, "mailto", "https", "tel"))
            throw new StartupException("SecurityTxt__Contact has to begin with mailto:, https: or tel:.");
        if (Expires is not { } expires)
            throw new StartupException("SecurityTxt__Contact needs SecurityTxt__Expires, as 2027-06-30T00:00:00Z.");
        if (!string.IsNullOrEmpty(Policy) && !IsOf(Policy, "https"))
            throw new StartupException("SecurityTxt__Policy has to begin with https:.");
        var policy = string.IsNullOrEmpty(Policy) ? "" : $"Policy: {Policy}\n";
        return string.Create(CultureInfo.InvariantCulture, $"""
            Contact: {Contact}
            Expires: {expires.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}
            {policy}Preferred-Languages: en, hi

            """).ReplaceLineEndings("\n");
    }

    static bool IsOf(string address, params string[] schemes) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && schemes.Contains(uri.Scheme);
}

/// <summary>Serves <c>/.well-known/security.txt</c>.</summary>
static class SecurityTxt
{
    public const string Path = "/.well-known/security.txt";

    public static void MapSecurityTxt(this WebApplication app)
    {
        var text = app.Services.GetRequiredService<SecurityTxtSettings>().Text();
        app.MapGet(Path, Results<ContentHttpResult, ProblemHttpResult> () => text is null
            ? CommonProblems.NotFound()
            : TypedResults.Content(text, "text/plain; charset=utf-8")).AllowAnonymous().WithName("ReadSecurityTxt")
            .WithTags("Security").WithSummary("Read whom to inform about a weakness")
            .WithDescription("RFC 9116. 404 if the operator names no contact.")
            .Produces<string>(StatusCodes.Status200OK, "text/plain").WithProblems(CommonProblems.Absent);
    }
}
