using Amrutam.Audit.Sealing;
using Amrutam.Demo;
using Amrutam.Identity.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Amrutam.Tests.Tidy;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Amrutam.Tests.Demo;

public sealed class DemoTests(DemoFixture demo, TestCluster cluster) : IClassFixture<DemoFixture>
{
    const string Unsealed = """
        select count(*) from audit.events where position > coalesce((select max(position) from audit.seals), 0)
        """;

    // It is part of the first start, which is to take seconds on a small machine.
    static readonly TimeSpan MostTime = TimeSpan.FromSeconds(30);

    TestServer Server => demo.Server;

    [Fact]
    public async Task Everybody_it_names_can_sign_in_with_the_password_it_names()
    {
        foreach (var email in DemoFixture.Named)
        {
            demo.Invitation!.ShouldContain(email);
            (await Server.Anonymous().Post("/api/auth/login", new { email, password = DemoClinic.Password })).Is(200);
        }
        demo.Invitation!.ShouldContain(DemoClinic.Password);
    }

    [Fact]
    public void The_script_names_the_same_people_and_password() =>
        File.ReadAllText(Tree.Path("x")).ShouldContain($"demo: {DemoClinic.AdminEmail}, {DemoClinic.StaffEmail}, "
            + $"{DemoClinic.DoctorEmail} or {DemoClinic.PatientEmail}\"\n"
            + $"        say \"      with the password {DemoClinic.Password}\"");

    [Fact]
    public async Task The_desk_has_two_people_and_a_queue_of_today()
    {
        (await Count("select count(*) from identity.users where role = 'staff'")).ShouldBe(2);
        var desk = await demo.SignedIn(DemoClinic.StaffEmail);
        var day = (await desk.Get($"/api/day?doctor_id={ExampleAccounts.Doctor}")).Is(200).Text;
        foreach (var name in new[] { "Kamala Devi", "Mira Gupta", "Bhola Nath" }) day.ShouldContain(name);
        var doctor = await demo.SignedIn(DemoClinic.DoctorEmail);
        // The first patient was called, so the next one has the second token.
        (await doctor.Post("/api/queue/next", new { })).Is(200).Body.GetProperty("token").GetInt32().ShouldBe(2);
    }

    [Fact]
    public async Task Patients_have_families_and_each_child_has_a_consent()
    {
        var family = (await (await demo.SignedIn(DemoClinic.PatientEmail)).Get("/api/me/patients")).Is(200);
        family.Text.ShouldContain("Mira Gupta");
        family.Text.ShouldContain("Kamala Gupta");
        (await Count("select count(*) from patients.guardians")).ShouldBe(8);
        (await Count("""
            select count(*) from patients.patients p
             where p.birth_date > now() - interval '18 years'
               and not exists (select from patients.consents c where c.patient_id = p.id)
            """)).ShouldBe(0);
    }

    [Fact]
    public async Task The_demo_keeps_every_invariant()
    {
        await Server.ShouldKeepItsInvariants();
        (await Count("select count(*) from scheduling.bookings where created_at >= starts_at or created_at > now()"))
            .ShouldBe(0);
        (await Count("select count(*) from audit.events where at > now()")).ShouldBe(0);
        (await Count("select count(distinct status) from scheduling.bookings")).ShouldBe(4);
        (await Count("select count(*) from scheduling.bookings where ends_at < now() and status = 'confirmed'"))
            .ShouldBeLessThan(30);
    }

    [Fact]
    public async Task Half_a_year_lies_behind_and_three_weeks_ahead()
    {
        demo.Took.ShouldBeLessThan(MostTime);
        (await Weeks("identity.users", "created_at")).ShouldBeGreaterThan(20);
        (await Weeks("scheduling.slots", "created_at")).ShouldBeGreaterThanOrEqualTo(22);
        (await Weeks("scheduling.bookings", "created_at")).ShouldBeGreaterThanOrEqualTo(22);
        (await Count("select extract(day from max(starts_at) - now())::bigint from scheduling.slots"))
            .ShouldBeInRange(18, 21);
        (await Count("select extract(day from now() - min(created_at))::bigint from identity.users")).ShouldBe(180);
        // An event is as old as what it is about, and a share of all happened lately: no day made everything.
        (await Count("""
            select count(*) from audit.events e join scheduling.bookings b on b.id = e.entity_id
             where e.action = 'bookings.booked' and e.at <> b.created_at
            """)).ShouldBe(0);
        (await Count("select max(n)::bigint * 20 / sum(n)::bigint from (select at::date, count(*) as n "
            + "from audit.events group by 1) days")).ShouldBe(0);
    }

    [Fact]
    public async Task Nothing_happened_before_its_people_were_there_or_after_now()
    {
        (await Count("""
            select count(*) from scheduling.bookings b
              join identity.users p on p.id = b.patient_id
              join doctors.profiles d on d.id = b.doctor_id
              join scheduling.slots s on s.id = b.slot_id
             where b.created_at < greatest(p.created_at, s.created_at) or d.verified_at is null
                or d.verified_at > b.created_at or s.created_at < d.created_at
            """)).ShouldBe(0);
        (await Count("select count(*) from scheduling.slots where created_at > now()")).ShouldBe(0);
        // Visits that are over have their end, and visits ahead have none: today is half over at any hour.
        (await Count("""
            select count(*) from scheduling.bookings
             where (ends_at < now() and status = 'confirmed') or (ends_at > now() and status = 'completed')
            """)).ShouldBeLessThan(30);
        (await Count("select count(*) from scheduling.bookings where starts_at > now() and status = 'confirmed'"))
            .ShouldBeGreaterThan(50);
    }

    [Fact]
    public async Task Its_log_can_be_sealed_and_the_seals_hold()
    {
        var services = Server.App.Services;
        await Waiting.Until(async () =>
        {
            await services.GetRequiredService<SealLog>().Pass(default);
            return await Count(Unsealed) == 0;
        });
        (await new VerifyLog(Server.App.Services.GetRequiredService<NpgsqlDataSource>(), null)
            .ToTheEnd(VerifyLog.Reached.Nothing, default)).Violation.ShouldBeNull();
    }

    [Fact]
    public async Task The_directory_has_doctors_of_every_field_with_open_slots()
    {
        var doctors = (await Server.Anonymous().Get("/api/doctors?sort=soonest&limit=100")).Is(200)
            .Body.GetProperty("items").EnumerateArray().ToList();
        doctors.Count.ShouldBe(24);
        doctors.ShouldAllBe(d => d.GetProperty("next_open_slot_at").GetDateTime() > DateTime.UnixEpoch);
        (await Server.Anonymous().Get("/api/doctors?q=अनन्या")).Is(200)["items"].ShouldContain("Panchakarma");
        (await Server.Anonymous().Get("/api/doctors?q=ayurvda+dermatolgy")).Is(200)["items"].ShouldContain("Kaur");
    }

    [Fact]
    public async Task A_database_with_somebody_in_it_is_left_alone()
    {
        var before = await Count("select count(*) from audit.events");
        (await DemoClinic.Fill(Server.App.Services)).ShouldBeNull();
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

    /// <summary>In how many weeks rows were made.</summary>
    Task<long> Weeks(string table, string column) =>
        Count($"select count(distinct date_trunc('week', {column})) from {table}");

    async Task<long> Count(string sql) => await Server.Owner.Statement(sql).Value<long>();
}
