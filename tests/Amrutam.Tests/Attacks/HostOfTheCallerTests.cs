using System.Net;
using Amrutam.Platform.Operations;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Attacks;

/// <summary>The attacker wants the server to believe a Host header. It would send a person to another server, or show
/// the operator's address to a page in a person's browser.</summary>
public sealed class HostOfTheCallerTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const string Hostile = "evil.example";

    TestServer Server => fixture.Server;

    IEnumerable<string> Paths => Server.App.Services.GetRequiredService<EndpointDataSource>().Endpoints
        .OfType<RouteEndpoint>()
        .Where(route => route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("GET") == true)
        .Select(route => route.RoutePattern.RawText!)
        .Where(path => !path.Contains('{', StringComparison.Ordinal)).Append("/api-docs").Append("/api-docs/")
        .Distinct();

    [Fact]
    public async Task No_redirect_names_the_host_of_the_request()
    {
        var redirects = 0;
        foreach (var path in Paths)
        {
            var reply = await Server.Anonymous().Send(HttpMethod.Get, path, headers: [("Host", Hostile),
                ("Accept", "text/html")]);
            reply.Text.ShouldNotContain(Hostile, customMessage: path);
            if (reply.Header("Location") is not { } location) continue;
            redirects++;
            location.ShouldNotContain(Hostile, customMessage: path);
        }
        redirects.ShouldBeGreaterThan(3);
    }

    [Fact]
    public async Task A_page_for_another_role_and_a_form_lead_to_paths_only()
    {
        var forms = new Forms(Server.Anonymous());
        var form = await forms.Open();
        (await forms.Send("/preferences", form, "", ("back", "/admin?days=7"))).Header("Location")
            .ShouldBe("/admin?days=7");
        var reply = await Server.Anonymous().Send(HttpMethod.Get, "/admin?days=7",
            headers: ("Host", Hostile));
        reply.Is(302).Header("Location").ShouldBe("/sign-in?returnUrl=%2Fadmin%3Fdays%3D7");
    }

    [Theory]
    [InlineData("/metrics", "evil.example", 421)]
    [InlineData("/health", "evil.example:9464", 421)]
    [InlineData("/health", "127.0.0.1.evil.example", 421)]
    [InlineData("/health", "127.0.0.1", 200)]
    [InlineData("/health", "[::1]:9464", 200)]
    [InlineData("/health", "localhost", 200)]
    [InlineData("/metrics", "server:9464", 200)]
    public async Task The_operators_address_answers_no_registered_name(string path, string host, int status)
    {
        using var client = new HttpClient
        {
            BaseAddress = new(Server.App.Services.GetRequiredService<ManagementServer>().Address!),
        };
        (await client.Send(HttpMethod.Get, path, headers: ("Host", host))).Status.ShouldBe(status);
    }

    [Fact]
    public void The_operators_address_answers_a_name_that_is_allowed()
    {
        var settings = new ManagementSettings { AllowedHosts = "metrics.clinic.example, other.example" };
        settings.Allows("Metrics.clinic.example").ShouldBeTrue();
        settings.Allows("clinic.example").ShouldBeFalse();
        settings.Allows(IPAddress.IPv6Loopback.ToString()).ShouldBeTrue();
    }
}
