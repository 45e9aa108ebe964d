using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Limits;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Attacks.Floods;

/// <summary>A caller writes without end, to fill the database.</summary>
public sealed class EndlessRowsTests(TestCluster cluster) : IAsyncLifetime
{
    const int PerMinute = 3;

    // A minute may end between two requests; the next one does not.
    const int Tries = 2 * PerMinute + 1;

    static readonly string[] Roles = Allow.Roles[Allow.SignedIn];

    TestServer _server = null!;
    int _addresses;

    public async ValueTask InitializeAsync() => _server = await TestServer.Start(await cluster.NewDatabase(),
        $"--Limits:ChangesPerAccount={PerMinute}", $"--Limits:ChangesPerAddress={PerMinute}",
        "--Http:TrustedProxies=127.0.0.1");

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    /// <summary>Every mapped route that is not a read, pages included, in each role that it lets in.</summary>
    [Fact]
    public async Task Every_writing_route_has_a_limit_for_its_caller()
    {
        var routes = _server.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(route => (route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [])
                .Where(RequestLimiter.IsChange).Select(method => (Method: HttpMethod.Parse(method), Route: route)))
            .ToList();
        routes.Count.ShouldBeGreaterThan(60);
        var unlimited = new List<string>();
        foreach (var (method, route) in routes)
        {
            var path = string.Join('/', route.RoutePattern.PathSegments.Select(segment =>
                segment.Parts[0] is RoutePatternLiteralPart { Content: var text } ? text
                    : Guid.CreateVersion7().ToString()));
            if (!await IsLimited(method, "/" + path)) unlimited.Add($"{method} {route.RoutePattern.RawText}");
        }
        unlimited.ShouldBeEmpty();
    }

    async Task<bool> IsLimited(HttpMethod method, string path)
    {
        foreach (var role in Roles)
        {
            var (account, address) = (await _server.User(role), $"2001:db8:{++_addresses:x}::1");
            for (var n = 0; n < Tries; n++)
            {
                // A session for each request: some routes end their caller's.
                var caller = await _server.Again(account, role);
                caller.Http.DefaultRequestHeaders.Add("X-Forwarded-For", address);
                var reply = await caller.Http.SendUnjudged(method, path, "{}");
                if (reply is { Status: 429, Code: "too_many_changes" }) return reply.Header("Retry-After") is not null;
                if (reply.Status == 403 && reply.Text.Contains("role_may_not", StringComparison.Ordinal)) break;
            }
        }
        return false;
    }

    [Fact]
    public async Task The_limit_of_one_account_is_not_anothers_and_reads_have_none()
    {
        var (flooder, other) = (await _server.User("patient"), await _server.User("patient"));
        for (var n = 0; n < Tries; n++) await flooder.Http.Patch("/api/me", new { full_name = "Asha" });
        (await flooder.Http.Patch("/api/me", new { full_name = "Asha" })).Is(429, "too_many_changes");
        (await flooder.Http.Get("/api/me")).Is(200);
        (await other.Http.Patch("/api/me", new { full_name = "Asha" })).Is(200);
    }
}
