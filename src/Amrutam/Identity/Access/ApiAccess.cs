using System.Collections.Concurrent;
using Amrutam.Identity.SignIn;
using Amrutam.Identity.Tokens;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Inner;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Authorization;

namespace Amrutam.Identity.Access;

/// <summary>Authenticates and authorizes API requests by bearer token: 401 without a valid token, 403 for a wrong
/// role.</summary>
/// <remarks>
/// Pages use the framework's authentication and authorization. For the API those allocated a quarter of a booking's
/// memory to compare one word (docs/decisions/0560).
/// </remarks>
/// <param name="pages">The pipeline of every other route.</param>
/// <param name="allowed">The pipeline of authorized requests.</param>
sealed class ApiAccess(RequestDelegate pages, RequestDelegate allowed, AccessTokens tokens,
    FailedAttempts failed)
{
    const string Prefix = "Bearer ";

    readonly ConcurrentDictionary<Endpoint, string[]?> _roles = new();

    public Task Invoke(HttpContext http)
    {
        if (http.GetEndpoint() is not { } endpoint || _roles.GetOrAdd(endpoint, RolesOf) is not { } roles)
            return pages(http);
        // The page has authenticated its caller by the cookie, which no route of the API reads.
        if (http.Features.Get<InnerRequest>() is { } inner) return Admit(http, roles, inner.Caller);
        var header = http.Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            return ProblemResponses.Write(http, CommonProblems.NotSignedIn);
        var caller = tokens.Verify(header.AsMemory(Prefix.Length));
        // A cached token needs no waiting.
        return caller.IsCompletedSuccessfully ? Admit(http, roles, caller.Result) : AdmitWhenKnown(http, roles, caller);
    }

    async Task AdmitWhenKnown(HttpContext http, string[] roles, ValueTask<CurrentUser?> caller) =>
        await Admit(http, roles, await caller);

    Task Admit(HttpContext http, string[] roles, CurrentUser? caller)
    {
        if (caller is null) return ProblemResponses.Write(http, CommonProblems.NotSignedIn);
        http.Features.Set(caller);
        if (roles.Contains(caller.Role)) return allowed(http);
        failed.Count(FailedAttempts.Request, caller.Id, caller.Role);
        return ProblemResponses.Write(http, CommonProblems.RoleMayNot);
    }

    /// <returns>The roles that every policy of the route allows; null for a route without token.</returns>
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
