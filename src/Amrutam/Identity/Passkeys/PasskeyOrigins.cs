using Amrutam.Platform.Http;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity.Passkeys;

/// <summary>Binds passkeys to the domain and the origins of the settings: those of <c>Identity:PublicUrl</c> and of
/// <c>Http:AllowedOrigins</c>.</summary>
/// <remarks>The framework compares with the Origin and Host headers instead, and the client writes those.</remarks>
static class PasskeyOrigins
{
    public static void Configure(IdentityPasskeyOptions options, IdentitySettings settings, HttpSettings http)
    {
        HashSet<string> origins = new([settings.PublicUrl.GetLeftPart(UriPartial.Authority), .. http.Origins()],
            StringComparer.OrdinalIgnoreCase);
        options.ServerDomain = settings.PasskeyDomain ?? settings.PublicUrl.Host;
        options.ValidateOrigin = context =>
            ValueTask.FromResult(!context.CrossOrigin && origins.Contains(context.Origin));
    }
}
