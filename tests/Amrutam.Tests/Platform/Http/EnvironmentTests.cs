using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Platform.Http;

/// <summary>The variables that the real program takes for its settings, and those that it leaves alone.</summary>
public sealed class EnvironmentTests(TestCluster cluster)
{
    // Beside the sections: what the framework would read, and what shells and containers set.
    static readonly string[] Foreign = ["URLS", "HTTP_PORTS", "ENVIRONMENT", "CONTENTROOT", "HOSTNAME", "LOGGING",
        "KESTREL", "ALLOWEDHOSTS", "__CF_USER_TEXT_ENCODING", "SQLCONNSTR_AMRUTAM"];

    [Fact]
    public async Task Variables_of_other_programs_are_no_settings()
    {
        var database = await cluster.NewDatabase();
        var sections = Product.Services.GetServices<SettingsSection>().Select(s => s.Name.ToUpperInvariant())
            .Distinct();
        using var server = Serve(database, [.. sections.Concat(Foreign).Select(name => (name, "/var/mail/me"))]);
        await server.IsReady();
        await server.Stop();
    }

    [Theory]
    [InlineData("Mail__Hostt")]
    [InlineData("MAIL__HOSTT")]
    [InlineData("Mial__Host")]
    [InlineData("ConnectionStrings__Owners")]
    public async Task A_setting_that_is_not_known_stops_the_start_and_is_named_whole(string name)
    {
        using var server = Serve(await cluster.NewDatabase(), (name, "mail.example.org"));
        await server.Ended();
        server.ExitCode.ShouldBe(1);
        (await server.Said()).ShouldStartWith($"Setting {name} is not known.", Case.Insensitive);
    }

    static ServerProcess Serve(Database database, params (string Name, string Value)[] variables) =>
        ServerProcess.Start("serve", 0, [("ConnectionStrings__Amrutam", database.App),
            ("ConnectionStrings__Owner", database.Owner), ("Identity__KeyEncryptionKey", TestServer.KeyEncryptionKey),
            ("Mail__Folder", Mailbox.Folder), .. variables]);
}
