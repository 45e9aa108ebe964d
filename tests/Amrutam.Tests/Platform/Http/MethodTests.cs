using System.Text;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Platform.Http;

/// <summary>HEAD, OPTIONS and methods that a path does not have.</summary>
public sealed class MethodTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const string AnId = "0193f7f2-5b1e-7c3a-9f2e-1f4b8c9d0e11";

    // Their answers change from one request to the next.
    static readonly string[] Changing = ["/health", "/health/live", "/health/ready", "/api/me/export", "/sign-in",
        "/account/forgot-password", "/account/verify-email", "/account/reset-password", "/account/change-email",
        "/account/accept-invitation", "/account/done", "/api/admin/audit", "/api/admin/events", "/api/me/access-log",
        "/api/admin/audit/verification", "/api/admin/stats"];

    TestServer Server => fixture.Server;

    ILookup<string, string> Methods => Server.App.Services.GetRequiredService<EndpointDataSource>().Endpoints
        .OfType<RouteEndpoint>().SelectMany(route => route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods
            .Select(method => (Path: Filled(route), Method: method)) ?? [])
        .ToLookup(route => route.Path, route => route.Method, StringComparer.OrdinalIgnoreCase);

    static string Filled(RouteEndpoint route) => string.Concat(route.RoutePattern.PathSegments.Select(segment => "/"
        + string.Concat(segment.Parts.Select(part => part switch
        {
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal => literal.Content,
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart { Name: "position" } => "1",
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart { Name: "documentName" } => "v1",
            _ => AnId,
        }))));

    [Fact]
    public async Task HEAD_is_GET_without_the_body_on_every_path()
    {
        var people = new[]
        {
            Server.Anonymous(), (await Server.User("patient")).Http, (await Server.Doctor()).Http,
            (await Server.User("admin")).Http,
        };
        var paths = Methods.Where(route => route.Contains("GET")).Select(route => route.Key).ToList();
        paths.Count.ShouldBeGreaterThan(40);
        foreach (var path in paths)
            foreach (var person in people)
            {
                var get = await person.Send(HttpMethod.Get, path);
                var head = await person.Send(HttpMethod.Head, path);
                head.Status.ShouldBe(get.Status, path);
                head.Text.ShouldBeEmpty(path);
                Names(head).ShouldBe(Names(get), path);
                if (get.Text.Length == 0 || Changing.Contains(path)) continue;
                head.Message.Content.Headers.ContentLength.ShouldBe(Encoding.UTF8.GetByteCount(get.Text), path);
            }
    }

    /// <summary>A length replaces the chunks that GET may send.</summary>
    static string[] Names(Reply reply) =>
        [.. reply.Message.Headers.Concat(reply.Message.Content.Headers).Select(h => h.Key)
            .Except(["Content-Length", "Transfer-Encoding", "Age"]).Order(StringComparer.Ordinal)];

    [Fact]
    public async Task OPTIONS_and_405_name_the_methods_of_the_path()
    {
        foreach (var route in Methods)
        {
            var methods = route.Distinct().Concat(route.Contains("GET") ? ["HEAD"] : [])
                .Order(StringComparer.Ordinal).ToList();
            var options = await Server.Anonymous().Send(HttpMethod.Options, route.Key);
            options.Status.ShouldBe(204, route.Key);
            // A path may be another route's too, as that of an id.
            methods.ShouldBeSubsetOf(Allowed(options), route.Key);
            var refused = await Server.Anonymous().Send(HttpMethod.Trace, route.Key);
            refused.Is(405, "method_not_allowed");
            methods.ShouldBeSubsetOf(Allowed(refused), route.Key);
        }
    }

    [Fact]
    public async Task HEAD_of_the_operators_address_is_served_too()
    {
        using var client = new HttpClient
        {
            BaseAddress = new(Server.App.Services
                .GetRequiredService<Amrutam.Platform.Operations.ManagementServer>().Address!),
        };
        foreach (var path in (string[])["/health", "/metrics"])
            (await client.Send(HttpMethod.Head, path)).Status.ShouldBe(200);
    }

    static List<string> Allowed(Reply reply) => [.. (reply.Header("Allow") ?? "").Split(", ")
        .Order(StringComparer.Ordinal)];
}
