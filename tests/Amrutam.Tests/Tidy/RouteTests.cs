using Amrutam.Platform.Http;
using Amrutam.Tests.Support.Servers;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Tidy;

/// <summary>The metadata of every mapped route.</summary>
public sealed class RouteTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    IEnumerable<RouteEndpoint> Routes =>
        fixture.Server.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    /// <summary>The routes of the API's description, which has no pages and files.</summary>
    IEnumerable<RouteEndpoint> Documented =>
        Routes.Where(r =>
            r.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is not { ExcludeFromDescription: true }
            && r.RoutePattern.RawText!.StartsWith("/api", StringComparison.Ordinal));

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
