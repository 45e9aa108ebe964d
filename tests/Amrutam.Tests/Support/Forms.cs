using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Amrutam.Tests.Support;

/// <summary>The portal's forms, filled in and sent as a browser sends them whose address a proxy serves over
/// TLS.</summary>
sealed partial class Forms(HttpClient client)
{
    const string TokenField = "__RequestVerificationToken";

    /// <param name="Cookie">The half of the antiforgery token that the browser keeps.</param>
    /// <param name="Token">The half that stands in the form.</param>
    public sealed record Opened(string Cookie, string Token);

    /// <summary>What a form of this route may carry; none where it takes no form.</summary>
    public static IReadOnlyList<string> FieldsOf(RouteEndpoint route) =>
        [.. (route.Metadata.GetMetadata<MethodInfo>()?.GetParameters() ?? [])
            .Select(p => p.GetCustomAttribute<FromFormAttribute>() is { } form ? form.Name ?? p.Name : null)
            .OfType<string>()];

    /// <summary>Opens a page with a form on it, as whom the cookies say.</summary>
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

    /// <summary>The cookies that an answer sets, as they are sent back.</summary>
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
