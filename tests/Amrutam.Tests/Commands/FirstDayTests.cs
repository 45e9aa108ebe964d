using System.Text.RegularExpressions;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using OtpNet;

namespace Amrutam.Tests.Commands;

/// <summary>"The first day" of docs/operations.md with the real program in Production: from an empty database to the
/// first booking.</summary>
public sealed partial class FirstDayTests(TestCluster cluster)
{
    const string Admin = "admin@clinic.example", Doctor = "doctor@clinic.example", Patient = "patient@clinic.example";
    const string Password = "copper-lantern-42";

    [Fact]
    public async Task The_first_admin_enrols_by_page_verifies_a_doctor_and_a_patient_books()
    {
        var settings = Settings(await cluster.EmptyDatabase());
        using (var command = ServerProcess.Start(["admin", "create", "--email", Admin, "--password-stdin"], 0,
            Password + "\n", settings))
        {
            (await command.Said()).ShouldEndWith("The admin can sign in.\n");
            await command.Ended();
            command.ExitCode.ShouldBe(0);
        }
        using var server = ServerProcess.Start("serve", 0, settings);
        await server.IsReady();
        var codes = await EnrolByPage(server.Http.BaseAddress!);

        var doctor = await SignUp(server.Http, Doctor, "doctor");
        await Ask(server.Http, doctor, "/api/doctors/profile", new
        {
            specialization = "Ayurveda", experience = 12, bio = "Sees patients.", registration_number = "MH-1",
        });
        var slot = (await Ask(server.Http, doctor, "/api/slots",
            new { date = "2030-01-07", start_time = "09:30", end_time = "10:00" }))["id"];
        var patient = await SignUp(server.Http, Patient, "patient");
        (await Send(server.Http, patient, "/api/bookings", new { slot_id = slot })).Is(409, "doctor_is_not_bookable");

        var admin = (await server.Http.Post("/api/auth/login",
            new { email = Admin, password = Password, recovery_code = codes[0] })).Is(200)["access_token"];
        await Ask(server.Http, admin, $"/api/admin/doctors/{Id(doctor)}/verification", new { });
        (await Send(server.Http, patient, "/api/bookings", new { slot_id = slot })).Is(201);
        await server.Stop();
    }

    static async Task<string[]> EnrolByPage(Uri address)
    {
        using var browser = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = address,
        };
        var forms = new Forms(browser);
        var signedIn = (await forms.Send("/sign-in", await forms.Open(), "", ("email", Admin), ("password", Password)))
            .Is(302);
        var session = string.Join("; ", Forms.Cookies(signedIn.Message));
        (await Page(browser, "/admin", session)).Is(302).Header("Location").ShouldBe("/account/second-factor");

        var form = await forms.Open(session, "/account/second-factor");
        (await forms.Send("/account/second-factor", form, session, ("password", "wrong-guess-1"))).Is(422).Text
            .ShouldContain("The password is not right.");
        var offer = (await forms.Send("/account/second-factor", form, session, ("password", Password))).Is(200).Text;
        offer.ShouldContain("src=\"data:image/png;base64,");
        (await forms.Send("/account/second-factor/confirmation", form, session, ("code", "000000"))).Is(422).Text
            .ShouldContain(SecretOf(offer));
        var done = (await forms.Send("/account/second-factor/confirmation", form, session,
            ("code", await Person.CodeBefore(Base32Encoding.ToBytes(SecretOf(offer)))))).Is(200);
        (await Page(browser, "/admin", session)).Is(302).Header("Location")!.ShouldContain("/sign-in");
        (await Page(browser, "/admin", string.Join("; ", Forms.Cookies(done.Message)))).Is(200);
        return [.. RecoveryCode().Matches(done.Text).Select(match => match.Groups[1].Value)];
    }

    static Task<Reply> Page(HttpClient browser, string path, string cookies) => browser.Send(HttpMethod.Get, path,
        headers: [("Accept", "text/html"), ("X-Forwarded-Proto", "https"), ("Cookie", cookies)]);

    static string SecretOf(string page) => Secret().Match(page).Groups[1].Value;

    static async Task<string> SignUp(HttpClient http, string email, string role)
    {
        (await http.Post("/api/auth/signup", new { email, password = Password, role, full_name = "Asha Rao" })).Is(201);
        return (await http.Post("/api/auth/login", new { email, password = Password })).Is(200)["access_token"];
    }

    static async Task<Reply> Ask(HttpClient http, string token, string path, object body)
    {
        var reply = await Send(http, token, path, body);
        reply.Status.ShouldBeInRange(200, 201, reply.Text);
        return reply;
    }

    static Task<Reply> Send(HttpClient http, string token, string path, object body) => http.Send(HttpMethod.Post, path,
        body, headers: [("Authorization", "Bearer " + token), ("Idempotency-Key", Guid.CreateVersion7().ToString())]);

    /// <summary>The account of a token.</summary>
    static string Id(string token) =>
        new Microsoft.IdentityModel.JsonWebTokens.JsonWebToken(token).Subject;

    static (string Name, string? Value)[] Settings(Database database) =>
        [("ConnectionStrings__Amrutam", database.App), ("ConnectionStrings__Owner", database.Owner),
            ("ASPNETCORE_ENVIRONMENT", "Production"), ("Http__TrustedProxies", "127.0.0.1"),
            ("Http__DrainSeconds", "0"), ("Identity__KeyEncryptionKey", TestServer.KeyEncryptionKey),
            ("Mail__Folder", Mailbox.Folder),
            ("Identity__PublicUrl", "https://clinic.example")];

    [GeneratedRegex("id=\"secret\">([A-Z2-7]+)<", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Secret();

    [GeneratedRegex("<li>([^<\\s]+)</li>", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex RecoveryCode();
}
