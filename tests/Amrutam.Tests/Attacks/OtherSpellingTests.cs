using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Attacks;

/// <summary>The attacker wants a route without its policy, by another spelling of its path.</summary>
public sealed class OtherSpellingTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const string AnId = "0193f7f2-5b1e-7c3a-9f2e-1f4b8c9d0e11";

    TestServer Server => fixture.Server;

    IEnumerable<(string Method, string Path)> Guarded => Server.App.Services.GetRequiredService<EndpointDataSource>()
        .Endpoints.OfType<RouteEndpoint>()
        .Where(route => route.Metadata.GetMetadata<IAllowAnonymous>() is null
            && route.RoutePattern.RawText!.StartsWith("/api/", StringComparison.Ordinal))
        .SelectMany(route => route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods,
            (route, method) => (method, string.Join('/', route.RoutePattern.RawText!.Split('/')
                .Select(part => part.StartsWith("{position", StringComparison.Ordinal) ? "1"
                    : part.StartsWith('{') ? AnId : part))));

    [Fact]
    public async Task Capitals_and_a_slash_at_the_end_name_the_same_route_with_the_same_policy()
    {
        var routes = Guarded.ToList();
        routes.Count.ShouldBeGreaterThan(60);
        var browser = Server.Anonymous();
        browser.DefaultRequestHeaders.TryAddWithoutValidation("Accept", "text/html,*/*");
        foreach (var (method, path) in routes)
            foreach (var spelling in (string[])[path.ToUpperInvariant(), path.TrimEnd('/') + "/"])
            {
                var reply = await browser.Send(new(method), spelling);
                reply.Is(401, "not_signed_in").Header("Content-Type").ShouldBe("application/problem+json", spelling);
            }
    }

    /// <summary>Else its size would grow with the spellings of one list.</summary>
    [Fact]
    public async Task A_cached_list_is_one_for_every_spelling_of_its_path()
    {
        var doctor = await Server.Doctor();
        (await doctor.Http.Post("/api/slots",
            new { starts_at = "2041-01-07T04:00:00Z", ends_at = "2041-01-07T04:30:00Z" })).Is(201);
        var path = $"/api/doctors/{doctor.Id}/slots";
        var first = (await Server.Anonymous().Get(path)).Is(200);
        foreach (var spelling in (string[])[path.ToUpperInvariant(), path + "/", $"/api/doctors/{doctor.Id:N}/slots"])
            (await Server.Anonymous().Send(HttpMethod.Get, spelling)).Is(200).Text.ShouldBe(first.Text);
    }
}
