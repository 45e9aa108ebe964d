using System.Security.Claims;
using Amrutam.Platform;
using Microsoft.AspNetCore.Authorization;

namespace Amrutam.Identity.SecondFactor;

/// <summary>Refuses a role's routes to who must sign in with a second factor and did not.</summary>
/// <remarks>The routes of the own account stay open, because the second factor is enrolled there.</remarks>
sealed class SecondFactorPolicy(RequestDelegate next, RequiredSecondFactor required)
{
    public Task Invoke(HttpContext http) =>
        http.User.Identities.OfType<UserIdentity>().FirstOrDefault() is { } identity
        && required.Roles.Contains(identity.User.Role)
        && !IsProven(http.User)
        && IsForARole(http.GetEndpoint())
            ? Problems.Write(http, IdentityProblems.EnrolmentNeeded)
            : next(http);

    public static bool IsProven(ClaimsPrincipal user) =>
        user.HasClaim(claim => claim.Type == AccessTokens.SecondFactorClaim);

    static bool IsForARole(Endpoint? endpoint) =>
        endpoint?.Metadata.GetMetadata<IAllowAnonymous>() is null
        && endpoint?.Metadata.GetOrderedMetadata<IAuthorizeData>()
            .Any(policy => policy.Policy != Allow.SignedIn) == true;
}

/// <summary>The roles that must have a second factor.</summary>
sealed record RequiredSecondFactor(IReadOnlySet<string> Roles)
{
    public static RequiredSecondFactor From(IdentitySettings settings, bool isDevelopment) =>
        new((settings.SecondFactorRoles ?? (isDevelopment ? "" : Allow.Admin))
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .ToHashSet(StringComparer.Ordinal));
}
