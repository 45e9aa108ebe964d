using Amrutam.Identity.Contracts;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Portal.SignIn;

/// <summary>The pages in Production, asked for over plain HTTP.</summary>
public sealed class HttpsOnlyTests(TestCluster cluster) : IAsyncLifetime
{
    TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.Start(await cluster.NewDatabase(),
        "--environment=Production", "--Identity:PublicUrl=https://amrutam.example.org");

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Every_page_says_that_HTTPS_is_needed_and_where_it_is()
    {
        var pages = _server.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(IsPage).ToList();
        pages.Count.ShouldBeGreaterThan(10);
        foreach (var page in pages)
            foreach (var method in page.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods)
            {
                var reply = await Send(new(method), page.RoutePattern.RawText!);
                if (reply.Status == 302) continue;
                reply.Is(403).Text.ShouldContain("needs HTTPS", Case.Sensitive, page.DisplayName);
                reply.Text.ShouldContain("href=\"https://amrutam.example.org/\"");
                reply.Text.ShouldNotContain("Http__TrustedProxies");
            }
    }

    [Fact]
    public async Task Behind_a_proxy_that_is_not_trusted_the_page_names_the_setting() =>
        (await Send(HttpMethod.Get, "/sign-in", ("X-Forwarded-Proto", "https"))).Is(403).Text
            .ShouldContain("Http__TrustedProxies");

    [Fact]
    public async Task A_page_that_is_not_there_says_so_by_its_status() =>
        (await Send(HttpMethod.Get, "/no-such-page")).Is(404).Text.ShouldContain("needs HTTPS");

    [Fact]
    public async Task Responses_without_cookies_are_served_over_plain_HTTP()
    {
        (await Send(HttpMethod.Get, "/assets/portal.css")).Is(200);
        (await Send(HttpMethod.Get, "/health")).Is(200);
        (await _server.Anonymous().Get("/api/doctors")).Is(200);
    }

    static bool IsPage(RouteEndpoint route) =>
        route.Metadata.OfType<IAuthorizeData>().Any(data => data.AuthenticationSchemes == PortalSignIn.Scheme)
        || route.Metadata.OfType<AuthorizationPolicy>().Any(p => p.AuthenticationSchemes.Contains(PortalSignIn.Scheme));

    Task<Reply> Send(HttpMethod method, string path, params (string Name, string Value)[] headers) =>
        _server.Anonymous().Send(method, path, headers: [("Accept", "text/html"), .. headers]);
}
