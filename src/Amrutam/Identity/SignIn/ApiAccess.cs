using System.Collections.Concurrent;
using Amrutam.Identity.Tokens;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Authorization;

namespace Amrutam.Identity.SignIn;

/// <summary>Who asks of the API, and whether they may, by <c>Authorization: Bearer</c>; a missing or bad token is 401,
/// a role that may not is 403, both as problems.</summary>
/// <remarks>
/// Pages go through the framework's authentication and authorization. For the API those were a quarter of what a
/// booking allocates, to compare one word (docs/decisions/0560).
/// </remarks>
/// <param name="pages">What decides about every other route.</param>
/// <param name="allowed">What answers those who may.</param>
sealed class ApiAccess(RequestDelegate pages, RequestDelegate allowed, AccessTokens tokens)
{
    const string Prefix = "Bearer ";

    readonly ConcurrentDictionary<Endpoint, string[]?> _roles = new();

    public Task Invoke(HttpContext http)
    {
        if (http.GetEndpoint() is not { } endpoint || _roles.GetOrAdd(endpoint, RolesOf) is not { } roles)
            return pages(http);
        var header = http.Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            return ProblemResponses.Write(http, CommonProblems.NotSignedIn);
        var caller = tokens.Verify(header.AsMemory(Prefix.Length));
        // A token is verified once; from then on there is nothing to wait for.
        return caller.IsCompletedSuccessfully ? Admit(http, roles, caller.Result) : AdmitWhenKnown(http, roles, caller);
    }

    async Task AdmitWhenKnown(HttpContext http, string[] roles, ValueTask<CurrentUser?> caller) =>
        await Admit(http, roles, await caller);

    Task Admit(HttpContext http, string[] roles, CurrentUser? caller)
    {
        if (caller is null) return ProblemResponses.Write(http, CommonProblems.NotSignedIn);
        http.Features.Set(caller);
        return roles.Contains(caller.Role) ? allowed(http) : ProblemResponses.Write(http, CommonProblems.RoleMayNot);
    }

    /// <returns>The roles that every policy of the route lets pass; null when it takes no token.</returns>
    static string[]? RolesOf(Endpoint endpoint)
    {
        var stated = endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>();
        var takesNoToken = stated.Count == 0 || endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null
            || endpoint.Metadata.GetMetadata<AuthorizationPolicy>() is not null
            || stated.Any(policy => policy.AuthenticationSchemes is not null);
        return takesNoToken ? null
            : [.. Allow.Roles[Allow.SignedIn].Where(role => stated.All(p => Allow.Roles[p.Policy!].Contains(role)))];
    }
}
