using Amrutam.Identity.Contracts;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Authorization;

namespace Amrutam.Identity.Access;

/// <summary>Answers 403 to callers whose role requires a second factor and whose session has none. Routes with <see
/// cref="OpenBeforeSecondFactor"/> are exempt.</summary>
/// <remarks>The own account and signing out are open, because the second factor is enrolled there. The export and the
/// deletion of the account are not.</remarks>
sealed class SecondFactorPolicy(RequestDelegate next, RequiredSecondFactor required, FailedAttempts failed)
{
    public Task Invoke(HttpContext http)
    {
        if (http.GetEndpoint() is not { } endpoint || IsOpen(endpoint)
            || CurrentUser.Of(http) is not { SecondFactor: false } user || !required.Roles.Contains(user.Role))
            return next(http);
        failed.Count(FailedAttempts.Request, user.Id, user.Role);
        return ProblemResponses.Write(http, IdentityProblems.EnrolmentNeeded);
    }

    /// <summary>True if the route with this metadata can refuse a caller because they have no second factor.</summary>
    public static bool Guards(IList<object> metadata) => metadata.OfType<IAuthorizeData>().Any()
        && !metadata.OfType<IAllowAnonymous>().Any() && !metadata.OfType<OpenBeforeSecondFactor>().Any();

    static bool IsOpen(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null
        || endpoint.Metadata.GetMetadata<OpenBeforeSecondFactor>() is not null;
}

/// <summary>The roles that require a second factor.</summary>
sealed record RequiredSecondFactor(IReadOnlySet<string> Roles)
{
    public static RequiredSecondFactor From(IdentitySettings settings, bool isDevelopment) =>
        new((settings.SecondFactorRoles ?? (isDevelopment ? "" : Allow.Admin))
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .ToHashSet(StringComparer.Ordinal));
}
