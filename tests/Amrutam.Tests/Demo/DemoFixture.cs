using Amrutam.Demo;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Demo;

/// <summary>A server over a database that the demo filled.</summary>
public sealed class DemoFixture(TestCluster cluster) : IAsyncLifetime
{
    /// <summary>The accounts that the demo names, one of each role, the patient first.</summary>
    public static readonly string[] Named =
        [DemoClinic.PatientEmail, DemoClinic.DoctorEmail, DemoClinic.StaffEmail, DemoClinic.AdminEmail];

    internal TestServer Server { get; private set; } = null!;

    public string? Invitation { get; private set; }

    public TimeSpan Took { get; private set; }

    public async ValueTask InitializeAsync()
    {
        Server = await TestServer.Start(await cluster.NewDatabase());
        var began = TimeProvider.System.GetTimestamp();
        Invitation = await DemoClinic.Fill(Server.App.Services);
        Took = TimeProvider.System.GetElapsedTime(began);
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    /// <summary>A client of a demo's account.</summary>
    internal async Task<HttpClient> SignedIn(string email)
    {
        var answer = (await Server.Anonymous().Post("/api/auth/login", new { email, password = DemoClinic.Password }))
            .Is(200);
        var client = Server.Anonymous();
        client.DefaultRequestHeaders.Authorization = new("Bearer", answer["access_token"]);
        return client;
    }
}
