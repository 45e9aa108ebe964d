using Amrutam.Platform.Idempotency;

namespace Amrutam.Platform.OpenApi;

/// <summary>The route is a former address of another one.</summary>
sealed record DeprecatedRoute;

static class DeprecatedRoutes
{
    /// <summary>Keeps a route's former method or address, with the same handler and conventions. OpenAPI marks it
    /// deprecated, and an Idempotency-Key counts for both.</summary>
    public static RouteHandlerBuilder Replacing(this RouteHandlerBuilder route, RouteHandlerBuilder former)
    {
        var scope = new FormerScope();
        ((IEndpointConventionBuilder)former).Add(endpoint => scope.Of((RouteEndpointBuilder)endpoint));
        return new([route.WithMetadata(scope), former.WithMetadata(new DeprecatedRoute())]);
    }
}
