using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Authorization;

namespace Amrutam.Identity.SecondFactor;

/// <summary>Refuses every route to who must sign in with a second factor and did not, but those that say they are open
/// before it.</summary>
/// <remarks>Open are the own account and signing out, because the second factor is enrolled there; not what shows or
/// ends what others are concerned by: the export, and leaving.</remarks>
sealed class SecondFactorPolicy(RequestDelegate next, RequiredSecondFactor required)
{
    public Task Invoke(HttpContext http) =>
        http.GetEndpoint() is { } endpoint && !IsOpen(endpoint)
        && CurrentUser.Of(http) is { SecondFactor: false } user && required.Roles.Contains(user.Role)
            ? CommonProblems.Write(http, IdentityProblems.EnrolmentNeeded)
            : next(http);

    /// <summary>Whether the route with this metadata can refuse a caller for want of a second factor.</summary>
    public static bool Guards(IList<object> metadata) => metadata.OfType<IAuthorizeData>().Any()
        && !metadata.OfType<IAllowAnonymous>().Any() && !metadata.OfType<OpenBeforeSecondFactor>().Any();

    static bool IsOpen(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null
        || endpoint.Metadata.GetMetadata<OpenBeforeSecondFactor>() is not null;
}

/// <summary>The roles that must have a second factor.</summary>
sealed record RequiredSecondFactor(IReadOnlySet<string> Roles)
{
    public static RequiredSecondFactor From(IdentitySettings settings, bool isDevelopment) =>
        new((settings.SecondFactorRoles ?? (isDevelopment ? "" : Allow.Admin))
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .ToHashSet(StringComparer.Ordinal));
}
