using Microsoft.AspNetCore.Authentication;

namespace Amrutam.Identity;

/// <summary>Accounts, sign-in, tokens and roles.</summary>
static class IdentityModule
{
    public static void AddIdentity(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<AccessTokens>();
        builder.Services.AddAuthentication(BearerAuthentication.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, BearerAuthentication>(BearerAuthentication.SchemeName, null);
    }

    public static void MapIdentity(this IEndpointRouteBuilder routes) => routes.MapGroup("/api/auth");
}
