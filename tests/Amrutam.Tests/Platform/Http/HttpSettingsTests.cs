using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Platform.Http;

/// <summary>The settings of trusted proxies and allowed origins.</summary>
public sealed class HttpSettingsTests(TestCluster cluster)
{
    const string App = "https://app.example.org";

    [Fact]
    public async Task Pages_of_a_configured_origin_may_call_and_those_of_others_may_not()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase(), "--Http:AllowedOrigins=" + App);
        var allowed = await Preflight(server, App);
        allowed.Is(204).Header("Access-Control-Allow-Origin").ShouldBe(App);
        allowed.Header("Access-Control-Allow-Headers")!.ShouldContain("Idempotency-Key");
        allowed.Header("Access-Control-Allow-Credentials").ShouldBeNull();
        foreach (var other in (string[])["https://evil.example", "http://app.example.org", "null", App
            + ".evil.example"])
            (await Preflight(server, other)).Header("Access-Control-Allow-Origin").ShouldBeNull();
        var refused = await server.Anonymous().Send(HttpMethod.Get, "/api/me", headers: ("Origin", App));
        refused.Is(401).Header("Access-Control-Allow-Origin").ShouldBe(App);
    }

    [Fact]
    public async Task Without_configured_origins_no_page_may_call()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase());
        (await Preflight(server, App)).Header("Access-Control-Allow-Origin").ShouldBeNull();
    }

    [Fact]
    public async Task A_forwarded_address_is_believed_from_a_trusted_proxy()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase(),
            "--Http:TrustedProxies=10.0.0.0/8, 127.0.0.1", "--Limits:SignUpsPerAddress=1");
        (await SignUp(server, "203.0.113.1")).Is(201);
        (await SignUp(server, "203.0.113.2")).Is(201);
        (await SignUp(server, "198.51.100.9, 203.0.113.2")).Status.ShouldBe(429,
            "the nearest unknown address is the client");
    }

    [Fact]
    public async Task A_forwarded_address_is_nobodys_word_without_a_trusted_proxy()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase(), "--Limits:SignUpsPerAddress=1");
        (await SignUp(server, "203.0.113.1")).Is(201);
        var second = (await SignUp(server, "203.0.113.2")).Is(429);
        second.Header("Retry-After").ShouldNotBeNull();
    }

    [Theory]
    [InlineData("--Http:AllowedOrigins=app.example.org", "Http__AllowedOrigins")]
    [InlineData("--Http:AllowedOrigins=https://app.example.org/", "Http__AllowedOrigins")]
    [InlineData("--Http:AllowedOrigins=*", "Http__AllowedOrigins")]
    [InlineData("--Http:TrustedProxies=proxy", "Http__TrustedProxies")]
    [InlineData("--Http:TrustedProxies=10.0.0.0/99", "Http__TrustedProxies")]
    [InlineData("--Http:DrainSeconds=600", "Http__DrainSeconds")]
    [InlineData("--Http:DrainSeconds=soon", "Http__DrainSeconds: must be a whole number")]
    [InlineData("--Http:AllowedOrigin=https://app.example.org", "Http__AllowedOrigin is not known")]
    [InlineData("--Limits:SignUpsPerAdress=3", "Limits__SignUpsPerAdress is not known")]
    [InlineData("--Demo:Enabled=maybe", "Demo__Enabled: must be true or false")]
    [InlineData("--Mail:Tls=ssl", "Mail__Tls: must be one of starttls, implicit, none")]
    [InlineData("--Mail=x", "Setting Mail is a section")]
    [InlineData("--Identity:PublicUrl=http://[", "Identity__PublicUrl: must be an address")]
    [InlineData("--Mial:Host=mail.example.org", "Mial__Host is not known. Sections are: Audit, ")]
    [InlineData("--Mail:Host:Name=mail.example.org", "Mail__Host")]
    [InlineData("--ConnectionStrings:Amrutamm=Host=db", "ConnectionStrings__Amrutamm is not known")]
    [InlineData("--Management:Url=nonsense", "Management__Url")]
    public async Task A_wrong_or_unknown_setting_stops_the_start_with_one_line_that_names_it(string setting,
        string named)
    {
        var database = await cluster.NewDatabase();
        var refused = await Should.ThrowAsync<StartupException>(() => TestServer.Start(database, setting));
        refused.Message.ShouldContain(named);
        refused.Message.ShouldNotContain('\n');
    }

    static Task<Reply> Preflight(TestServer server, string origin) =>
        server.Anonymous().Send(HttpMethod.Options, "/api/bookings",
        headers: [("Origin", origin), ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "authorization,content-type,idempotency-key")]);

    static Task<Reply> SignUp(TestServer server, string address) =>
        server.Anonymous().Send(HttpMethod.Post, "/api/auth/signup",
        new { email = Guid.CreateVersion7() + "@example.org", password = "lantern-meadow-42" },
        headers: ("X-Forwarded-For", address));
}
