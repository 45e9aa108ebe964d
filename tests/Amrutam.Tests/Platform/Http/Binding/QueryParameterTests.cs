using System.Text.Json.Nodes;
using Amrutam.Tests.Platform.Http.Fuzzing;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Platform.Http.Binding;

/// <summary>Every operation of the API refuses a parameter that it does not know, as it refuses an unknown
/// member.</summary>
public sealed class QueryParameterTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task An_unknown_parameter_is_400_on_every_route()
    {
        var document = JsonNode.Parse((await fixture.Server.Anonymous().Get("/openapi/v1.json")).Is(200).Text)!;
        var patient = await fixture.Server.User("patient");
        var routes = 0;
        foreach (var (path, operations) in document["paths"]!.AsObject())
            foreach (var (method, operation) in operations!.AsObject())
            {
                if (!path.StartsWith("/api/", StringComparison.Ordinal)) continue;
                routes++;
                var harmless = new FuzzedOperation(document, path, method, operation!).Harmless;
                var target = harmless.Target + (harmless.Target.Contains('?') ? "&" : "?") + "Surname=x";
                (await (harmless with { Target = target }).Send(patient.Http)).Is(400, "malformed_request")["detail"]
                    .ShouldBe("Surname is not known here", path);
            }
        routes.ShouldBeGreaterThan(80);
    }

    [Theory]
    [InlineData("limit=1&limit=2", 400, "limit is there twice")]
    [InlineData("LIMIT=1", 200, null)]
    [InlineData("q=%00", 422, "q has a character that is not allowed")]
    [InlineData("q=%EF%BF%BE", 422, "q has a character that is not allowed")]
    [InlineData("%00=1", 400, "query has a character that is not allowed")]
    [InlineData("=1", 400, " is not known here")]
    public async Task The_query_is_checked_before_anything_reads_it(string query, int status, string? detail)
    {
        var reply = (await fixture.Server.Anonymous().Get("/api/doctors?" + query)).Is(status);
        if (detail is not null) reply["detail"].ShouldBe(detail);
    }

    /// <summary>Links in e-mails arrive with parameters of mail programs.</summary>
    [Fact]
    public async Task A_page_bears_parameters_of_others() =>
        (await fixture.Server.Anonymous().Get("/sign-in?utm_source=mail")).Status.ShouldBe(200);
}
