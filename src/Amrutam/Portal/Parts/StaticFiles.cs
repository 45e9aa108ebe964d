using System.Reflection;
using System.Security.Cryptography;

namespace Amrutam.Portal.Parts;

/// <summary>Serves the style sheets and the mark from the program itself.</summary>
/// <remarks>An address contains the hash of its file. So a browser keeps the file for ever, and a new version has a new
/// address.</remarks>
static class StaticFiles
{
    const string KeepForEver = "public, max-age=31536000, immutable";
    static readonly Dictionary<string, (byte[] Bytes, string Version)> Files =
        new[] { "portal.css", "dashboard.css", "patient.css", "mark.svg" }.ToDictionary(name => name, Load);

    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (var name in Files.Keys)
            routes.MapGet("/assets/" + name, http => Send(http, name)).AllowAnonymous().ExcludeFromDescription();
    }

    public static string Address(string name) => $"/assets/{name}?v={Files[name].Version}";

    static Task Send(HttpContext http, string name)
    {
        var isStyle = name.EndsWith(".css", StringComparison.Ordinal);
        http.Response.ContentType = isStyle ? "text/css; charset=utf-8" : "image/svg+xml";
        if (http.Request.Query["v"] == Files[name].Version) http.Response.Headers.CacheControl = KeepForEver;
        return http.Response.Body.WriteAsync(Files[name].Bytes).AsTask();
    }

    static (byte[] Bytes, string Version) Load(string name)
    {
        using var file = Assembly.GetExecutingAssembly().GetManifestResourceStream("Portal/Assets/" + name)!;
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return (bytes, Convert.ToHexStringLower(SHA256.HashData(bytes))[..12]);
    }
}
