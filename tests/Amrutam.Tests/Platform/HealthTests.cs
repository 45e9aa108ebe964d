using Amrutam.Tests.Support;

namespace Amrutam.Tests.Platform;

public sealed class HealthTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task Health_says_it_is_up_and_since_when()
    {
        var reply = (await fixture.Server.Anonymous().Get("/health")).Is(200);
        reply["status"].ShouldBe("OK");
        reply.Body.GetProperty("uptime").GetDouble().ShouldBeGreaterThan(0);
        reply["timestamp"].ShouldEndWith("Z");
    }

    [Fact]
    public async Task Ready_needs_the_database() => (await fixture.Server.Anonymous().Get("/health/ready")).Is(200);
}
