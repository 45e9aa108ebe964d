namespace Amrutam.Platform.Http;

/// <summary><c>MapGet</c> and its like for groups of routes. The code that binds a request and calls the handler is
/// compiled at the first request and not at the start.</summary>
/// <remarks>
/// Measured over five alternating starts of the published server, up to the first list: 1.59 s of processor time, and
/// 1.84 s if all routes are compiled at the start. The metadata of a route, and whether its parameters can be bound,
/// are still determined at the start. These methods are better overloads for a group than the framework's.
/// </remarks>
static class LazyRouteCompilation
{
    public static RouteHandlerBuilder MapGet(this RouteGroupBuilder routes, string pattern, Delegate handler) =>
        routes.Map(HttpMethods.Get, pattern, handler);

    public static RouteHandlerBuilder MapPost(this RouteGroupBuilder routes, string pattern, Delegate handler) =>
        routes.Map(HttpMethods.Post, pattern, handler);

    public static RouteHandlerBuilder MapPut(this RouteGroupBuilder routes, string pattern, Delegate handler) =>
        routes.Map(HttpMethods.Put, pattern, handler);

    public static RouteHandlerBuilder MapPatch(this RouteGroupBuilder routes, string pattern, Delegate handler) =>
        routes.Map(HttpMethods.Patch, pattern, handler);

    public static RouteHandlerBuilder MapDelete(this RouteGroupBuilder routes, string pattern, Delegate handler) =>
        routes.Map(HttpMethods.Delete, pattern, handler);

    static RouteHandlerBuilder Map(this RouteGroupBuilder routes, string method, string pattern, Delegate handler) =>
        RouteHandlerServices.Map(routes, pattern, handler, [method], RequestDelegateFactory.InferMetadata, WhenCalled);

    static RequestDelegateResult WhenCalled(Delegate handler, RequestDelegateFactoryOptions options,
        RequestDelegateMetadataResult? known)
    {
        var compiled = new Lazy<RequestDelegate>(
            () => RequestDelegateFactory.Create(handler, options, known).RequestDelegate);
        return new(context => compiled.Value(context), [.. options.EndpointBuilder!.Metadata]);
    }
}
