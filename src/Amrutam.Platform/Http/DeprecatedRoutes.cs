using Microsoft.AspNetCore.Routing.Patterns;

namespace Amrutam.Platform.Http;

/// <summary>Marks a route that is a former address of another one.</summary>
sealed record DeprecatedRoute;

/// <summary>The former method and pattern of a route, with its groups.</summary>
/// <remarks>Idempotency keys keep the former scope at both addresses. So a key that the previous version of the server
/// stored is replayed, and a retry may change to the new address.</remarks>
sealed class FormerRoute
{
    public string? Method { get; private set; }

    /// <summary>It is known when the endpoints are built, which is before any request.</summary>
    public RoutePattern? Pattern { get; private set; }

    public void Is(EndpointBuilder former)
    {
        Pattern = ((RouteEndpointBuilder)former).RoutePattern;
        Method = former.Metadata.OfType<HttpMethodMetadata>().First().HttpMethods[0];
    }
}

static class DeprecatedRoutes
{
    /// <summary>Keeps a route's former method or address, with the same handler and conventions. OpenAPI marks it
    /// deprecated, and an Idempotency-Key has one scope for both.</summary>
    public static RouteHandlerBuilder Replacing(this RouteHandlerBuilder route, RouteHandlerBuilder former)
    {
        var scope = new FormerRoute();
        former.Add(scope.Is);
        return new([route.WithMetadata(scope), former.WithMetadata(new DeprecatedRoute())]);
    }
}
