using System.Globalization;
using Amrutam.Platform.Http;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Platform.Http;

public sealed class SecurityTxtTests(TestCluster cluster)
{
    [Fact]
    public async Task It_names_the_contact_and_when_it_expires()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase(),
            "--SecurityTxt:Contact=mailto:security@clinic.example", "--SecurityTxt:Expires=2027-06-30T02:00:00+02:00",
            "--SecurityTxt:Policy=https://clinic.example/security");
        var reply = (await server.Anonymous().Get(SecurityTxt.Path)).Is(200);
        reply.Header("Content-Type").ShouldBe("text/plain; charset=utf-8");
        reply.Text.ShouldBe("Contact: mailto:security@clinic.example\nExpires: 2027-06-30T00:00:00Z\n"
            + "Policy: https://clinic.example/security\nPreferred-Languages: en, hi\n");
    }

    [Fact]
    public async Task Without_a_contact_there_is_none()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase(), "--SecurityTxt:Contact=");
        (await server.Anonymous().Get(SecurityTxt.Path)).Is(404);
    }

    [Theory]
    [InlineData("security@clinic.example", "2027-06-30", null, "SecurityTxt__Contact")]
    [InlineData("mailto:security@clinic.example", null, null, "SecurityTxt__Expires")]
    [InlineData("mailto:security@clinic.example", "2027-06-30", "http://clinic.example", "SecurityTxt__Policy")]
    public void A_setting_that_the_RFC_does_not_allow_stops_the_start(string contact, string? expires, string? policy,
        string named) => Should.Throw<StartupException>(() => new SecurityTxtSettings
        {
            Contact = contact, Policy = policy,
            Expires = expires is null ? null : DateTimeOffset.Parse(expires, CultureInfo.InvariantCulture),
        }.Text()).Message.ShouldContain(named);
}
