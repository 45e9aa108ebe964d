using System.Text;
using Amrutam.Identity.SecondFactor;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Tests.Identity.SignIn;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Identity.SecondFactor;

public sealed class SecondFactorTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    /// <summary>The test vectors of RFC 6238, appendix B, cut to six digits.</summary>
    [Theory]
    [InlineData(59L, "287082")]
    [InlineData(1111111109L, "081804")]
    [InlineData(1234567890L, "005924")]
    [InlineData(20000000000L, "353130")]
    public void Codes_are_those_of_the_standard(long seconds, string code) =>
        StepOf(code, seconds).ShouldBe(seconds / Person.TotpSeconds);

    [Theory]
    [InlineData(-2, false)]
    [InlineData(-1, true)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public void A_code_counts_one_step_before_and_after_its_own(int steps, bool counts)
    {
        const long Seconds = 1234567890;
        StepOf("005924", Seconds + steps * Person.TotpSeconds)
            .ShouldBe(counts ? Seconds / Person.TotpSeconds : null);
    }

    static long? StepOf(string code, long seconds) => Authenticators.StepOf(
        Encoding.ASCII.GetBytes("12345678901234567890"), code, DateTimeOffset.FromUnixTimeSeconds(seconds));

    [Fact]
    public async Task An_enrolled_app_is_asked_for_at_each_sign_in()
    {
        var person = await Person.SignUp(Server);
        await person.ConfirmAddress();
        var offer = (await person.Http.Post("/api/me/second-factor", new { password = Person.Password })).Is(200);
        offer["otpauth_uri"].ShouldStartWith("otpauth://totp/Amrutam:");
        offer["otpauth_uri"].ShouldContain("secret=" + offer["secret"]);
        offer["qr_png"].ShouldStartWith("data:image/png;base64,iVBOR");
        (await person.TryToSignIn()).Is(200);
        var (secret, codes) = await person.Enrol();
        codes.Length.ShouldBe(10);
        (await person.TryToSignIn()).Is(401, "mfa_required");
        (await person.TryToSignIn(totp: "000000")).Is(401, "invalid_credentials");
        (await person.TryToSignIn(password: "wrong-guess-1", totp: Person.CodeNow(secret)))
            .Is(401, "invalid_credentials");
        (await person.TryToSignIn(totp: Person.CodeNow(secret))).Is(200);
    }

    [Fact]
    public async Task A_code_is_taken_once_and_no_earlier_one_after_it()
    {
        var person = await Person.SignUp(Server);
        var (secret, _) = await person.Enrol();
        var code = Person.CodeNow(secret);
        var replies = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => person.TryToSignIn(totp: code)));
        replies.Count(r => r.Status == 200).ShouldBe(1);
        (await person.TryToSignIn(totp: Person.CodeNow(secret, -1))).Is(401);
        (await person.TryToSignIn(totp: Person.CodeNow(secret, 5))).Is(401);
    }

    [Theory]
    [InlineData("{0} {1}")]
    [InlineData("{0}-{1}")]
    [InlineData(" {0}\u00A0{1} ")]
    [InlineData("{0}\u2011{1}")]
    [InlineData("{0}{1}", '०')]
    [InlineData("{0} {1}", '０')]
    public async Task A_code_is_taken_as_apps_show_it_wherever_one_is_read(string form, char zero = '0')
    {
        var person = await Person.SignUp(Server);
        var (secret, _) = await person.Enrol();
        (await person.TryToSignIn(totp: Typed())).Is(200);
        var portal = new Forms(Server.Anonymous());
        var page = await portal.Open();
        await Server.Owner.Statement("update identity.authenticators set last_step = 0").Execute();
        (await portal.Send("/sign-in", page, "", ("email", person.Email), ("password", Person.Password),
            ("code", Typed()))).Is(302);
        await Server.Owner.Statement("update identity.authenticators set last_step = 0").Execute();
        await Server.Owner.Statement("update identity.sessions set created_at = now() - interval '1 hour'").Execute();
        (await person.Http.Post("/api/me/second-factor/recovery-codes",
            new { password = Person.Password, totp_code = Typed() })).Is(200);

        string Typed()
        {
            var code = string.Concat(Person.CodeNow(secret).Select(digit => (char)(digit - '0' + zero)));
            return string.Format(form, code[..3], code[3..]);
        }
    }

    [Fact]
    public async Task A_recovery_code_works_once_however_it_is_typed()
    {
        var person = await Person.SignUp(Server);
        var (_, codes) = await person.Enrol();
        (await person.TryToSignIn(recovery: codes[0].Replace("-", " ").ToUpperInvariant())).Is(200);
        (await person.TryToSignIn(recovery: codes[0])).Is(401, "invalid_credentials");
        (await person.TryToSignIn(recovery: codes[1])).Is(200);
        var renewed = (await person.Http.Post("/api/me/second-factor/recovery-codes",
            new { password = Person.Password })).Is(200);
        (await person.TryToSignIn(recovery: codes[2])).Is(401);
        (await person.TryToSignIn(recovery: renewed.Body.GetProperty("recovery_codes")[0].GetString())).Is(200);
    }

    [Fact]
    public async Task Removing_it_needs_the_password_and_ends_every_session()
    {
        var person = await Person.SignUp(Server);
        await person.Enrol();
        (await person.Http.Send(HttpMethod.Delete, "/api/me/second-factor", new { }))
            .Is(403, "reauthentication_required");
        (await person.Http.Send(HttpMethod.Delete, "/api/me/second-factor", new { password = "wrong-guess-1" }))
            .Is(422, "wrong_password");
        (await person.Http.Send(HttpMethod.Delete, "/api/me/second-factor", new { password = Person.Password }))
            .Is(204);
        (await person.Http.Get("/api/me")).Is(401);
        (await person.TryToSignIn()).Is(200);
        await Mailbox.Letter(person.Email, "Your second factor was removed");
    }

    [Fact]
    public async Task A_second_one_is_not_enrolled_over_the_first()
    {
        var person = await Person.SignUp(Server);
        await person.Enrol();
        (await person.Http.Post("/api/me/second-factor", new { password = Person.Password }))
            .Is(409, "second_factor_enrolled");
    }

    [Fact]
    public async Task The_secret_is_encrypted_and_the_codes_are_hashed_in_the_database()
    {
        var person = await Person.SignUp(Server);
        var (secret, codes) = await person.Enrol();
        var rows = await Server.Owner.Statement("""
            select a::text from identity.authenticators a union all select r::text from identity.recovery_codes r
            """).List(row => row.GetString(0));
        rows.Count.ShouldBeGreaterThan(codes.Length);
        rows.ShouldAllBe(row => !row.Contains(Convert.ToHexStringLower(secret)));
        rows.ShouldAllBe(row =>
            !row.Contains(Convert.ToHexStringLower(Encoding.UTF8.GetBytes(codes[0].Replace("-", "")))));
    }
}

public sealed class SecondFactorPolicyTests(TestCluster cluster)
{
    [Fact]
    public async Task A_role_that_must_have_one_gets_no_answer_from_its_routes_before()
    {
        await using var server =
            await TestServer.Start(await cluster.NewDatabase(), "--Identity:SecondFactorRoles=admin,doctor,staff");
        var admin = await Person.Admin(server);
        (await admin.Http.Get("/api/admin/users")).Is(403, "mfa_enrolment_required");
        (await (await server.User("doctor")).Http.Get("/api/slots")).Is(403, "mfa_enrolment_required");
        (await (await server.User("patient")).Http.Get("/api/bookings")).Is(200);
        (await admin.Http.Get("/api/me")).Is(200);
        // Routes that are open to every signed-in caller may return clinical data too.
        var booking = "/api/bookings/" + Guid.CreateVersion7();
        foreach (var role in new[] { "doctor", "staff", "admin" })
        {
            var caller = (await server.User(role)).Http;
            (await caller.Post(booking + "/cancellation", new { reason = "a reason" })).Is(403,
                "mfa_enrolment_required");
            (await caller.Get("/api/me/export")).Is(403, "mfa_enrolment_required");
            (await caller.Send(HttpMethod.Delete, "/api/me", new { })).Is(403, "mfa_enrolment_required");
        }
        (await (await server.User("doctor")).Http.Get(booking)).Is(403, "mfa_enrolment_required");
        var (secret, _) = await admin.Enrol();
        (await admin.Http.Get("/api/admin/users")).Is(200);
        var refreshed = (await server.Anonymous().Post("/api/auth/refresh", new { refresh_token = admin.RefreshToken }))
            .Is(200);
        admin.Use(refreshed);
        (await admin.Http.Get("/api/admin/users")).Is(200);
        await admin.SignIn(totp: Person.CodeNow(secret));
        (await admin.Http.Get("/api/admin/users")).Is(200);
    }

    /// <summary>Goes over every route of the table, so it covers later routes too.</summary>
    [Fact]
    public async Task When_everybody_must_a_password_alone_opens_nothing_but_the_own_account()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase(),
            "--Identity:SecondFactorRoles=" + string.Join(',', Allow.Roles[Allow.SignedIn]));
        var open = new List<string>();
        foreach (var role in Allow.Roles[Allow.SignedIn])
        {
            var caller = (await server.User(role)).Http;
            foreach (var (method, path) in PermissionTests.RoutesFor(role))
                if ((await caller.Send(new(method), path, method == "GET" ? null : "{}")).Status != 403)
                    open.Add(method + " " + path);
        }
        open.ShouldContain("GET /api/me");
        open.ShouldAllBe(route => route.Contains(" /api/me", StringComparison.Ordinal));
        open.ShouldNotContain(route => route.EndsWith(" /api/me/export", StringComparison.Ordinal)
            || route == "DELETE /api/me");
    }

    [Fact]
    public async Task In_production_admins_must_and_in_development_nobody()
    {
        await using var production = await TestServer.Start(await cluster.NewDatabase(), "--environment=Production");
        (await (await production.User("admin")).Http.Get("/api/admin/users")).Is(403, "mfa_enrolment_required");
        await using var development = await TestServer.Start(await cluster.NewDatabase());
        (await (await development.User("admin")).Http.Get("/api/admin/users")).Is(200);
    }
}
