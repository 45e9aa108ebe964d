using System.Reflection;
using System.Text.RegularExpressions;
using Amrutam.Platform.Http;
using Amrutam.Tests.Support.Servers;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Tidy;

/// <summary>The metadata of every mapped route.</summary>
public sealed partial class RouteTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    IEnumerable<RouteEndpoint> Routes =>
        fixture.Server.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    /// <summary>The routes of the API's description, which has no pages and files.</summary>
    IEnumerable<RouteEndpoint> Described => Routes.Where(r =>
        r.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is not { ExcludeFromDescription: true }
        && r.Metadata.GetMetadata<MethodInfo>() is not null);

    IEnumerable<RouteEndpoint> Documented =>
        Described.Where(r => r.RoutePattern.RawText!.StartsWith("/api", StringComparison.Ordinal));

    [Fact]
    public void A_route_states_who_may_call_it()
    {
        Routes.Count().ShouldBeGreaterThan(100);
        Routes.Where(r => !HttpPipeline.StatesPolicy(r)).Select(Name).ShouldBeEmpty();
    }

    /// <summary>One table defines the policies. A policy outside it would fail at the first call.</summary>
    [Fact]
    public void A_policy_that_a_route_names_is_known() =>
        Routes.Where(r => r.Metadata.GetMetadata<AuthorizationPolicy>() is null
                && r.Metadata.GetOrderedMetadata<IAuthorizeData>()
                    .Any(stated => !Allow.Roles.ContainsKey(stated.Policy ?? "")))
            .Select(Name).ShouldBeEmpty();

    [Fact]
    public void A_route_has_a_summary_and_a_tag()
    {
        Documented.Count().ShouldBeGreaterThan(80);
        Documented.Where(r => r.Metadata.GetMetadata<IEndpointSummaryMetadata>() is not { Summary.Length: > 5 })
            .Select(Name).ShouldBeEmpty();
        Documented.Where(r => r.Metadata.GetMetadata<ITagsMetadata>() is not { Tags.Count: > 0 }).Select(Name)
            .ShouldBeEmpty();
    }

    /// <summary>The description of the API takes the response from the handler's type. Pages are not in it.</summary>
    [Fact]
    public void The_handler_of_a_route_returns_a_typed_result() =>
        Described.Where(r => Awaited(r.Metadata.GetMetadata<MethodInfo>()!.ReturnType) is var type
                && (type.IsInterface || !type.IsAssignableTo(typeof(IResult))))
            .Select(Name).ShouldBeEmpty();

    /// <summary>A second declaration would only repeat the handler's type.</summary>
    [Fact]
    public void A_route_declares_each_status_of_its_success_once() =>
        Described.Where(r => r.Metadata.GetOrderedMetadata<IProducesResponseTypeMetadata>()
                .CountBy(m => m.StatusCode).Any(status => status.Value > 1))
            .Select(Name).ShouldBeEmpty();

    [Fact]
    public void Routes_below_one_path_that_share_their_policy_have_it_from_their_group()
    {
        var below = Documented.SelectMany(r => LiteralPaths(r).Select(path => (Path: path, Route: r)))
            .GroupBy(r => r.Path, r => r.Route, StringComparer.Ordinal)
            .Where(g => g.Count() > 1 && g.DistinctBy(Policy).Count() == 1).ToList();
        below.Count.ShouldBeGreaterThan(10);
        // A file may also map a route that shares no path with others of its policy.
        var grouped = below.SelectMany(g => g).ToHashSet();
        Documented.GroupBy(SourceOf, StringComparer.Ordinal).Where(file => file.All(grouped.Contains))
            .Select(file => file.Key)
            .Where(file => StatesPolicy().IsMatch(File.ReadAllText(Tree.Path(file)))).ShouldBeEmpty();
    }

    /// <returns>For <c>/api/a/b/{id}</c> the paths <c>/api/a</c> and <c>/api/a/b</c>.</returns>
    static IEnumerable<string> LiteralPaths(RouteEndpoint route)
    {
        var parts = route.RoutePattern.RawText!.Split('/', StringSplitOptions.RemoveEmptyEntries)
            .TakeWhile(part => part[0] != '{').ToArray();
        return Enumerable.Range(2, Math.Max(0, parts.Length - 1)).Select(n => string.Join('/', parts[..n]));
    }

    static string Policy(RouteEndpoint route) => route.Metadata.GetMetadata<IAllowAnonymous>() is not null ? "anonymous"
        : string.Join(',', route.Metadata.GetOrderedMetadata<IAuthorizeData>().Select(a => a.Policy));

    static string SourceOf(RouteEndpoint route)
    {
        var feature = route.Metadata.GetMetadata<MethodInfo>()!.DeclaringType!;
        while (feature.DeclaringType is { } outer) feature = outer;
        return $"src/{feature.FullName!.Replace('.', '/')}.cs";
    }

    [GeneratedRegex(@"\.(RequireAuthorization|AllowAnonymous)\(", RegexOptions.NonBacktracking)]
    private static partial Regex StatesPolicy();

    static Type Awaited(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() is var open
            && (open == typeof(Task<>) || open == typeof(ValueTask<>)) ? type.GetGenericArguments()[0] : type;

    /// <summary>Only pages are guarded against forms of other sites.</summary>
    [Fact]
    public void The_API_reads_no_form() =>
        Routes.Where(r => r.RoutePattern.RawText!.StartsWith("/api", StringComparison.Ordinal)
                && r.Metadata.GetMetadata<IAntiforgeryMetadata>() is { RequiresValidation: true })
            .Select(Name).ShouldBeEmpty();

    static string Name(RouteEndpoint route) =>
        string.Join('|', route.Metadata.GetMetadata<HttpMethodMetadata>(
            )?.HttpMethods ?? []) + " " + route.RoutePattern.RawText;
}
