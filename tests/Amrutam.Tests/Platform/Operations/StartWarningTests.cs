using Amrutam.Platform.Operations;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Platform.Operations;

/// <summary>The warnings of a start in Production.</summary>
public sealed class StartWarningTests(TestCluster cluster)
{
    // Each warning names the setting that ends it.
    static readonly (string Name, string Value)[] Remedies = [
        ("Http__TrustedProxies", "127.0.0.1"), ("Identity__KeyEncryptionKey", TestServer.KeyEncryptionKey),
        ("Identity__PublicUrl", "https://amrutam.example.org"), ("Mail__Host", "127.0.0.1"),
        ("Audit__CheckpointFolder", "")];

    [Fact]
    public async Task A_bare_start_in_Production_warns_of_each_lacking_setting_by_name()
    {
        var said = await Starts("Production");
        Remedies.Length.ShouldBe(Product.Services.GetServices<StartWarning>().Count());
        foreach (var (setting, _) in Remedies) said.ShouldContain(setting);
    }

    [Fact]
    public async Task A_start_with_all_of_them_or_in_Development_warns_of_nothing()
    {
        var folder = Directory.CreateTempSubdirectory("checkpoints-").FullName;
        var whole = await Starts("Production", [.. Remedies.SkipLast(1), ("Audit__CheckpointFolder", folder)]);
        var development = await Starts("Development");
        foreach (var (setting, _) in Remedies)
        {
            whole.ShouldNotContain(setting);
            development.ShouldNotContain(setting);
        }
        Directory.Delete(folder, recursive: true);
    }

    /// <returns>The output of the program until it was ready and stopped again.</returns>
    async Task<string> Starts(string environment, params (string Name, string Value)[] settings)
    {
        var database = await cluster.NewDatabase();
        var folder = Directory.CreateTempSubdirectory("data-").FullName;
        using var server = ServerProcess.Start("serve", 0, [("ConnectionStrings__Amrutam", database.App),
            ("ConnectionStrings__Owner", database.Owner), ("Data__Directory", folder),
            ("ASPNETCORE_ENVIRONMENT", environment), .. settings]);
        await server.IsReady();
        await server.Stop();
        Directory.Delete(folder, recursive: true);
        return await server.Said();
    }
}
