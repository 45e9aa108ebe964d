using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Amrutam.Tests.Support;

/// <summary>Fills in the portal's forms and sends them as a browser does behind a proxy with TLS.</summary>
sealed partial class Forms(HttpClient client)
{
    const string TokenField = "__RequestVerificationToken";

    /// <param name="Cookie">The half of the antiforgery token in the browser's cookie.</param>
    /// <param name="Token">The half in the form.</param>
    public sealed record Opened(string Cookie, string Token);

    /// <summary>The names of a route's form fields; empty if it takes no form.</summary>
    public static IReadOnlyList<string> FieldsOf(RouteEndpoint route) =>
        [.. (route.Metadata.GetMetadata<MethodInfo>()?.GetParameters() ?? [])
            .Select(p => p.GetCustomAttribute<FromFormAttribute>() is { } form ? form.Name ?? p.Name : null)
            .OfType<string>()];

    /// <summary>Opens a page that has a form, with the given cookies.</summary>
    public async Task<Opened> Open(string cookies = "", string path = "/sign-in")
    {
        using var request = Request(HttpMethod.Get, path, cookies);
        using var answer = await client.SendAsync(request);
        var token = Hidden().Match(await answer.Content.ReadAsStringAsync());
        token.Success.ShouldBeTrue("the page has no form");
        return new(string.Join("; ", Cookies(answer)), token.Groups["value"].Value);
    }

    public async Task<Reply> Send(string path, Opened form, string cookies, params (string Name, string Value)[] fields)
    {
        using var request = Request(HttpMethod.Post, path, $"{form.Cookie}; {cookies}");
        request.Content = new FormUrlEncodedContent(fields.Append((Name: TokenField, Value: form.Token))
            .Select(f => KeyValuePair.Create(f.Name, f.Value)));
        var answer = await client.SendAsync(request);
        return new((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer);
    }

    /// <summary>The cookies of an answer, in the form of a request header.</summary>
    public static IEnumerable<string> Cookies(HttpResponseMessage answer) =>
        answer.Headers.TryGetValues("Set-Cookie", out var set) ? set.Select(cookie => cookie.Split(';')[0]) : [];

    static HttpRequestMessage Request(HttpMethod method, string path, string cookies)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.TryAddWithoutValidation("Accept", "text/html");
        request.Headers.TryAddWithoutValidation("X-Forwarded-Proto", "https");
        if (cookies.Length > 0) request.Headers.TryAddWithoutValidation("Cookie", cookies);
        return request;
    }

    [GeneratedRegex("name=\"" + TokenField + "\" value=\"(?<value>[^\"]+)\"", RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Hidden();
}
