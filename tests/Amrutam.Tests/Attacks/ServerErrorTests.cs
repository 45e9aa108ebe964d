using System.Text.Json.Nodes;
using Amrutam.Commands;
using Amrutam.EmbeddedPostgres;
using Amrutam.Platform.Data;
using Amrutam.Portal.Parts;
using Amrutam.Tests.Platform.Http.Fuzzing;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Amrutam.Tests.Attacks;

/// <summary>The attacker wants a 500: input for which a library throws, or a moment in which one does.</summary>
/// <remarks><see cref="HostileInputTests"/> sends such input to every part of every operation.</remarks>
public sealed class ServerErrorTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    async Task<List<FuzzedOperation>> Operations()
    {
        var document = JsonNode.Parse((await Server.Anonymous().Get("/openapi/v1.json")).Is(200).Text)!;
        return [.. document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject()
            .Where(o => o.Key != "parameters").Select(o => new FuzzedOperation(document, path.Key, o.Key, o.Value!)))];
    }

    [Theory]
    [InlineData("application/json; charset=\"utf-8\"", false)]
    [InlineData("application/json; charset=UTF-8", false)]
    [InlineData("application/json; charset=utf-16", true)]
    [InlineData("application/json; charset=x", true)]
    [InlineData("application/json; charset=\"utf-8\"; charset=latin1", true)]
    public async Task Every_body_is_UTF8_or_refused(string type, bool isRefused)
    {
        foreach (var operation in (await Operations()).Where(o => o.Harmless.Body is not null))
            foreach (var role in (string[])["patient", "doctor", "admin"])
            {
                var reply = await (operation.Harmless with { ContentType = type })
                    .Send((await Server.User(role)).Http);
                reply.Status.ShouldBeLessThan(500, operation.Path);
                if (reply.Status is not (401 or 403)) (reply.Status == 415).ShouldBe(isRefused, operation.Path);
            }
    }

    [Theory]
    [InlineData("gzip", true)]
    [InlineData("x", true)]
    [InlineData("identity", false)]
    public async Task A_content_coding_is_refused(string coding, bool isRefused)
    {
        // Another test can sign the example's account up meanwhile, so only 415 is judged.
        var logIn = (await Operations()).Single(o => o.Path == "/api/auth/login");
        var reply = await (logIn.Harmless with { ContentEncoding = coding }).Send(Server.Anonymous());
        if (isRefused) reply.Is(415);
        else reply.Status.ShouldBeOneOf(200, 401);
    }

    /// <summary>Each form of the portal, whatever its charset.</summary>
    [Theory]
    [InlineData("application/x-www-form-urlencoded; charset=\"utf-8\"", 400)]
    [InlineData("application/x-www-form-urlencoded; charset=x", 415)]
    [InlineData("application/x-www-form-urlencoded; charset=utf-7", 415)]
    [InlineData("multipart/form-data", 400)]
    public async Task A_form_of_another_charset_is_refused(string type, int status)
    {
        var forms = Server.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => Forms.FieldsOf(route).Count > 0
                && !route.RoutePattern.RawText!.Contains('{', StringComparison.Ordinal));
        var judged = 0;
        foreach (var form in forms)
        {
            var body = new ByteArrayContent("email=a"u8.ToArray());
            body.Headers.TryAddWithoutValidation("Content-Type", type);
            var reply = await Server.Anonymous().Send(HttpMethod.Post, form.RoutePattern.RawText!, body);
            // A page for signed-in persons leads to the sign-in first.
            if (reply.Status == 302) continue;
            reply.Is(status);
            judged++;
        }
        judged.ShouldBeGreaterThan(5);
    }

    [Theory]
    [InlineData("9999-12-31T23:59:59-00:01")]
    [InlineData("9999-12-31T23:59:59.9999999Z")]
    [InlineData("0001-01-01T00:00:00+23:59")]
    [InlineData("2199-12-31T23:59:59-00:01")]
    [InlineData("1900-01-01T00:00:00+00:01")]
    public async Task An_instant_that_its_offset_moves_out_of_range_is_refused_wherever_one_is_read(string at)
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var admin = await Server.User("admin");
        (await doctor.Http.Post("/api/slots", new { starts_at = at, ends_at = at })).Is(400, "malformed_request");
        (await patient.Http.Post("/api/bookings", new { specialization = "x", starts_at = at })).Is(400);
        (await patient.Http.Post("/api/bookings", new { specialization = "x", between = new { from = at, to = at } }))
            .Is(400);
        (await doctor.Http.Post("/api/availability/time-off", new { from = at, to = at })).Is(422, "invalid_fields");
        var query = Uri.EscapeDataString(at);
        (await patient.Http.Get($"/api/doctors/{doctor.Id}/explanation?at={query}")).Is(400);
        (await patient.Http.Get($"/api/bookings?from={query}")).Is(400);
        (await doctor.Http.Get($"/api/slots?to={query}")).Is(400);
        (await admin.Http.Get($"/api/admin/audit?from={query}")).Is(422);
    }

    [Theory]
    [InlineData("/admin?q=é", "/admin?q=%C3%A9")]
    [InlineData("/admin?q=आशा", "/admin?q=%E0%A4%86%E0%A4%B6%E0%A4%BE")]
    [InlineData("/admin?q=\uFFFE", PageAccess.Home)]
    [InlineData("/admin\u0001", PageAccess.Home)]
    [InlineData("//elsewhere.example/é", PageAccess.Home)]
    public async Task An_address_to_go_back_to_fits_into_a_header(string back, string location)
    {
        var forms = new Forms(Server.Anonymous());
        var form = await forms.Open();
        (await forms.Send("/preferences", form, "", ("back", back))).Is(302).Header("Location").ShouldBe(location);
    }

    [Fact]
    public async Task Without_its_database_every_route_answers_503_and_none_500()
    {
        var folder = Path.Combine(Path.GetTempPath(), "amrutam-away-" + Guid.CreateVersion7());
        var postgres = await PrivatePostgres.Own(EmbeddedDatabase.Options, folder, NullLogger.Instance,
            CancellationToken.None, durable: false);
        var database = new Database(postgres.OwnerConnectionString(), postgres.AppConnectionString());
        await Migrator.Migrate(database.Owner, Program.Modules, CancellationToken.None);
        await using var server = await TestServer.Start(database, "--Logging:LogLevel:Default=Critical");
        var people = new[] { await server.User("patient"), await server.User("doctor"), await server.User("admin") };
        var form = await new Forms(server.Anonymous()).Open();
        await postgres.DisposeAsync();
        var away = 0;
        foreach (var operation in await Operations())
            foreach (var person in people)
            {
                var reply = await operation.Harmless.Send(person.Http);
                if (reply.Status >= 500) reply.Is(503).Code.ShouldNotBeNull(operation.Path);
                if (reply.Status == 503) away++;
            }
        away.ShouldBeGreaterThan(80);
        var browser = server.Anonymous();
        browser.DefaultRequestHeaders.TryAddWithoutValidation("Accept", "text/html");
        (await browser.Get("/nope")).Is(404);
        foreach (var path in (string[])["/sign-in", "/account/forgot-password", "/account/reset-password"])
        {
            var sent = await new Forms(server.Anonymous()).Send(path, form, "", ("email", "asha@example.org"),
                ("password", "x"), ("token", "x"));
            sent.Status.ShouldBe(503, path);
        }
        Directory.Delete(folder, recursive: true);
    }
}
