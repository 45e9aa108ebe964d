namespace Amrutam.Platform.Http;

/// <summary><c>MapGet</c> and its like for groups of routes. They compile the code that binds a request and calls the
/// handler at the first request and not at the start.</summary>
/// <remarks> Measured over five alternating starts of the published server, up to the first list: 1.59 s of processor
/// time. With all routes compiled at the start it was 1.84 s. The start still determines the metadata of a route, and
/// whether its parameters can be bound. For a group, the compiler prefers these methods to the framework's. </remarks>
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
