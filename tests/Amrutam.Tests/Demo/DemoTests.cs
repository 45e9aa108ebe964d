using Amrutam.Demo;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Amrutam.Tests.Tidy;

namespace Amrutam.Tests.Demo;

public sealed class DemoTests(TestCluster cluster) : IAsyncLifetime
{
    TestServer _server = null!;
    string? _invitation;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.Start(await cluster.NewDatabase());
        _invitation = await DemoClinic.Fill(_server.App.Services);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Everybody_it_names_can_sign_in_with_the_password_it_names()
    {
        foreach (var email in new[] { DemoClinic.AdminEmail, DemoClinic.DoctorEmail, DemoClinic.PatientEmail })
        {
            _invitation!.ShouldContain(email);
            (await _server.Anonymous().Post("/api/auth/login", new { email, password = DemoClinic.Password })).Is(200);
        }
        _invitation!.ShouldContain(DemoClinic.Password);
    }

    [Fact]
    public void The_script_names_the_same_people_and_password() =>
        File.ReadAllText(Tree.Path("x")).ShouldContain($"demo: {DemoClinic.AdminEmail}, {DemoClinic.DoctorEmail} or "
            + $"{DemoClinic.PatientEmail}, password {DemoClinic.Password}\"");

    [Fact]
    public async Task The_demo_keeps_every_invariant()
    {
        await _server.ShouldKeepItsInvariants();
        (await Count("select count(*) from scheduling.bookings where created_at >= starts_at or created_at > now()"))
            .ShouldBe(0);
        (await Count("select count(*) from audit.events where at > now()")).ShouldBe(0);
        (await Count("select count(distinct status) from scheduling.bookings")).ShouldBe(4);
        (await Count("select count(*) from scheduling.bookings where ends_at < now() and status = 'confirmed'"))
            .ShouldBeLessThan(30);
    }

    [Fact]
    public async Task The_directory_has_doctors_of_every_field_with_open_slots()
    {
        var doctors = (await _server.Anonymous().Get("/api/doctors?sort=soonest&limit=100")).Is(200)
            .Body.GetProperty("items").EnumerateArray().ToList();
        doctors.Count.ShouldBe(24);
        doctors.ShouldAllBe(d => d.GetProperty("next_open_slot_at").GetDateTime() > DateTime.UnixEpoch);
        (await _server.Anonymous().Get("/api/doctors?q=अनन्या")).Is(200)["items"].ShouldContain("Panchakarma");
        (await _server.Anonymous().Get("/api/doctors?q=ayurvda+dermatolgy")).Is(200)["items"].ShouldContain("Kaur");
    }

    [Fact]
    public async Task A_database_with_somebody_in_it_is_left_alone()
    {
        var before = await Count("select count(*) from audit.events");
        (await DemoClinic.Fill(_server.App.Services)).ShouldBeNull();
        (await Count("select count(*) from audit.events")).ShouldBe(before);
    }

    [Fact]
    public async Task Two_servers_that_start_at_once_fill_it_once()
    {
        await using var fresh = await TestServer.Start(await cluster.NewDatabase());
        var filled = await Task.WhenAll(DemoClinic.Fill(fresh.App.Services), DemoClinic.Fill(fresh.App.Services));
        filled.Count(invitation => invitation is not null).ShouldBe(1);
    }

    [Theory]
    [InlineData("Production", "--Demo:Enabled=true", null)]
    [InlineData("Production", "--Logging:LogLevel:Default=Error", false)]
    [InlineData("Development", "--Logging:LogLevel:Default=Error", true)]
    [InlineData("Development", "--Demo:Enabled=false", false)]
    [InlineData("Staging", "--Demo:Enabled=true", true)]
    public async Task It_is_the_default_in_Development_and_never_in_Production(
        string environment, string setting, bool? wanted)
    {
        var database = await cluster.NewDatabase();
        await using var app = Program.Build(["--environment=" + environment, setting,
            "--urls=http://127.0.0.1:0", "--Management:Url=http://127.0.0.1:0",
            "--Identity:KeyEncryptionKey=" + TestServer.KeyEncryptionKey], database);
        if (wanted is null) Should.Throw<StartupException>(() => DemoClinic.IsWanted(app.Services));
        else DemoClinic.IsWanted(app.Services).ShouldBe(wanted.Value);
        if (environment == "Production") await Should.ThrowAsync<StartupException>(() => DemoClinic.Fill(app.Services));
    }

    async Task<long> Count(string sql) => await _server.Owner.Statement(sql).Value<long>();
}
