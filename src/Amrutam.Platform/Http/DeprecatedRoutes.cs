using Microsoft.AspNetCore.Routing.Patterns;

namespace Amrutam.Platform.Http;

/// <summary>Marks a route that is a former address of another one, and knows that one.</summary>
sealed class DeprecatedRoute
{
    /// <summary>The pattern of the route that replaces this one, with its groups; known once endpoints are
    /// built.</summary>
    public RoutePattern? Replacement { get; private set; }

    /// <summary>The method of the route that replaces this one.</summary>
    public string? Method { get; private set; }

    public void ReplacedBy(EndpointBuilder endpoint)
    {
        Replacement = ((RouteEndpointBuilder)endpoint).RoutePattern;
        Method = endpoint.Metadata.OfType<HttpMethodMetadata>().First().HttpMethods[0];
    }
}

static class DeprecatedRoutes
{
    /// <summary>Keeps a route's former method or address, with the same handler and conventions. OpenAPI marks it
    /// deprecated, and an Idempotency-Key has one scope for both.</summary>
    public static RouteHandlerBuilder Replacing(this RouteHandlerBuilder route, RouteHandlerBuilder former)
    {
        var deprecated = new DeprecatedRoute();
        route.Add(deprecated.ReplacedBy);
        return new([route, former.WithMetadata(deprecated)]);
    }
}
