namespace Amrutam.Platform.Http;

/// <summary>The framework's <c>MapGet</c> and its like for groups of routes, but that what reads a request's parts and
/// calls the handler is compiled at the first call and not at the start.</summary>
/// <remarks>
/// There are over a hundred routes, of which a server that just started needs a few; to compile all took a seventh of
/// the start. What describes a route, and whether its handler's parameters can be bound at all, is settled at the
/// start as before. A receiver that is a group makes these better overloads than the framework's, whose names they
/// share: a route that is mapped as every tutorial does it is compiled late too.
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
