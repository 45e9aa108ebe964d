namespace Amrutam.Identity.Sessions;

/// <summary>A short name of a device from the User-Agent header, as <c>Firefox on Linux</c>. The header itself is not
/// stored.</summary>
static class Device
{
    // Order matters: Edge and Opera also say Chrome, Chrome also says Safari, Android also says Linux.
    static readonly (string Token, string Name)[] Browsers =
        [("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"),
            ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"),
            ("Safari/", "Safari")];

    static readonly (string Token, string Name)[] Systems =
        [("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"),
            ("CrOS", "ChromeOS"), ("Linux", "Linux")];

    const int MaxProductName = 30;

    public static string Of(HttpContext http)
    {
        var agent = http.Request.Headers.UserAgent.ToString();
        var browser = Find(Browsers, agent) ?? Product(agent);
        return Find(Systems, agent) is { } system ? $"{browser} on {system}" : browser;
    }

    static string? Find((string Token, string Name)[] known, string agent) =>
        known.Where(k => agent.Contains(k.Token, StringComparison.Ordinal)).Select(k => k.Name).FirstOrDefault();

    /// <summary>The name of the first product if it is a plain word, as <c>curl</c>.</summary>
    static string Product(string agent)
    {
        var name = new string([.. agent.TakeWhile(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            .Take(MaxProductName)]);
        return name.Length > 0 ? name : "Unknown device";
    }
}
