using System.Buffers.Text;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Amrutam.Tests.Tidy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Amrutam.Tests.Identity.SignIn;

/// <summary>The reviewed table permissions.txt against every mapped route and against its answers.</summary>
public sealed class PermissionTests(TestCluster cluster, ServerFixture fixture) : IClassFixture<ServerFixture>
{
    sealed record Row(string Method, string Path, string Anonymous, string Patient, string Doctor, string Staff,
        string Admin, string Anothers)
    {
        public string Route => Method + " " + Path;

        public string For(string role) => role switch
        {
            Allow.Patient => Patient,
            Allow.Doctor => Doctor,
            Allow.Staff => Staff,
            Allow.Admin => Admin,
            _ => Anonymous,
        };
    }

    const string Table = "tests/Amrutam.Tests/Identity/SignIn/permissions.txt";
    static readonly string[] Roles = ["anonymous", .. Allow.Roles[Allow.SignedIn]];

    // Roles that own records. Staff and admins act on the records of others, where the table allows it.
    static readonly string[] Owners = ["patient", "doctor"];

    TestServer Server => fixture.Server;

    static IReadOnlyList<Row> Rows { get; } =
        [.. File.ReadLines(Tree.Path(Table)).Where(line => line.Length > 0 && line[0] != '#')
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(c => new Row(c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]))];

    static IEnumerable<string> Mapped(TestServer server) => ((IEndpointRouteBuilder)server.App).DataSources
        .SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
        .SelectMany(route => (route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["ANY"])
            .Select(method => method + " " + Plain(route.RoutePattern.RawText!)));

    static string Plain(string pattern) =>
        pattern == "/" ? pattern : pattern.Replace(":guid", "").Replace(":long", "").TrimEnd('/');

    [Fact]
    public void Every_mapped_route_is_in_the_table_and_none_that_is_not() =>
        Mapped(Server).Order(StringComparer.Ordinal).Distinct()
            .ShouldBe(Rows.Select(r => r.Route).Order(StringComparer.Ordinal));

    [Fact]
    public async Task A_route_that_nobody_reviewed_is_found()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase());
        server.App.MapGet("/api/planted/{id:guid}", (Guid id) => id).AllowAnonymous();
        Mapped(server).Except(Rows.Select(r => r.Route)).ShouldBe(["GET /api/planted/{id}"]);
    }

    [Fact]
    public async Task Every_route_lets_in_whom_the_table_says_and_nobody_else() =>
        (await Unlike(Rows, Server)).ShouldBeEmpty();

    [Fact]
    public async Task A_route_that_lets_in_a_role_too_many_is_found()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase());
        server.App.MapGet("/planted", () => "").RequireAuthorization(Allow.SignedIn);
        foreach (var role in Allow.Roles[Allow.SignedIn])
        {
            string For(string other) => other == role ? "no" : "yes";
            var row = new Row("GET", "/planted", "no", For(Allow.Patient), For(Allow.Doctor), For(Allow.Staff),
                For(Allow.Admin), "-");
            (await Unlike([row], server)).ShouldHaveSingleItem().ShouldStartWith($"GET /planted as {role}: 200");
        }
    }

    /// <returns>The answers that are not as the table says.</returns>
    static async Task<List<string>> Unlike(IReadOnlyList<Row> rows, TestServer server)
    {
        var wrong = new List<string>();
        foreach (var row in rows)
            foreach (var role in Roles)
            {
                var reply = await (await Caller(role, server))
                    .Send(new(row.Method), Address(row, Guid.CreateVersion7().ToString()), Body(row));
                if (!Fits(row, role, reply)) wrong.Add(
                    $"{row.Route} as {role}: {reply.Status} {reply.Header("Location")}");
            }
        return wrong;
    }

    static bool Fits(Row row, string role, Reply reply) => row.For(role) switch
    {
        "no" => role == "anonymous" ? (reply.Status, reply.Code) == (401, "not_signed_in")
            : (reply.Status, reply.Code) == (403, "role_may_not"),
        "page" => reply.Status == 302 && reply.Header("Location")!.Contains("/sign-in", StringComparison.Ordinal),
        // A path without an id names a thing that is there.
        _ => reply.Status is not (405 or 500 or 503) && (reply.Status != 404 || row.Path.Contains('{'))
            && !(IsJson(reply) && reply.Code is "not_signed_in" or "role_may_not"),
    };

    static bool IsJson(Reply reply) => reply.Header("Content-Type")?.Contains("json", StringComparison.Ordinal) == true;

    /// <summary>A new caller for each request, because some routes sign their caller out.</summary>
    static async Task<HttpClient> Caller(string role, TestServer server) => role switch
    {
        "anonymous" => server.Anonymous(),
        Allow.Doctor => (await server.Doctor()).Http,
        _ => (await server.User(role)).Http,
    };

    /// <summary>Routes that need a signed-in caller and are open to the role. Signing out is left out, because it ends
    /// the session.</summary>
    internal static IEnumerable<(string Method, string Path)> RoutesFor(string role) => Rows
        .Where(row => row.For(role) == "yes" && row.Anonymous == "no" && row.Path != "/api/auth/logout")
        .Select(row => (row.Method, Address(row, Guid.CreateVersion7().ToString())));

    static string Address(Row row, string id) =>
        row.Path.Replace("{id}", id).Replace("{position}", "0").Replace("{code}", "not_found")
            .Replace("{documentName}", "v1").Replace("/account/done", "/account/done?what=verify-email");

    /// <summary>A page takes a form. Anything else is refused by its type, before anybody asks who sent it.</summary>
    static object? Body(Row row) =>
        row.Method is "GET" ? null : row.Anonymous == "page" ? new FormUrlEncodedContent([]) : "{}";

    [Fact]
    public async Task Another_persons_record_is_answered_as_an_absent_one()
    {
        var wrong = new List<string>();
        var owned = 0;
        foreach (var row in Rows.Where(r => r.Anothers == "404"))
            foreach (var role in Owners.Where(role => row.For(role) == "yes"))
            {
                var things = await Things();
                var (thing, body) = (things.Ids[Kind(row.Path)], Meaningful(row, things));
                var caller = await Caller(role, Server);
                var anothers = await caller.Send(new(row.Method), Address(row, thing), body);
                var absent = await caller.Send(new(row.Method), Address(row, Stranger(thing)), body);
                if (anothers.Status != 404 || Same(anothers) != Same(absent))
                    wrong.Add($"{row.Route} as {role}: another's {Same(anothers)}, absent {Same(absent)}");
                if (things.Owner(Kind(row.Path), role) is not { } owner) continue;
                var own = await owner.Http.Send(new(row.Method), Address(row, thing), body);
                if (own.Status == 404) wrong.Add($"{row.Route} as {role}: the owner gets {own}");
                owned++;
            }
        wrong.ShouldBeEmpty();
        owned.ShouldBeGreaterThan(20);
    }

    static string Kind(string path) => path.Split('/') switch
    {
        [_, _, "me", var kind, ..] => kind,
        [_, _, "availability", var kind, ..] => kind,
        [_, _, "bookings", "series", _, ..] => "series",
        var parts => parts[2],
    };

    /// <summary>An unused id of the same form.</summary>
    static string Stranger(string thing) =>
        Guid.TryParse(thing, out _) ? Guid.CreateVersion7().ToString() : "AAAAAAAAAAAAAAAA";

    static string Same(Reply reply) =>
        string.Join('|', reply.Body.EnumerateObject().Where(m => m.Name != "trace_id")
        .Select(m => m.Name + "=" + m.Value));

    /// <summary>A well-formed body, so that the record decides and not the form.</summary>
    static object? Meaningful(Row row, OwnedThings things) => row switch
    {
        { Method: "GET" } => null,
        { Path: "/api/bookings/{id}/move" } => new { slot_id = things.Ids["slots"] },
        { Path: "/api/bookings/{id}/no-show" } => new { party = "patient" },
        { Path: "/api/me/passkeys/{id}", Method: "PATCH" } => new { name = "Mine" },
        _ => "{}",
    };

    /// <summary>A doctor and a patient with one thing of each kind, by the word of its address.</summary>
    sealed record OwnedThings(TestUser Doctor, TestUser Patient, IReadOnlyDictionary<string, string> Ids)
    {
        /// <returns>The owner of the thing in this role, or null.</returns>
        public TestUser? Owner(string kind, string role) => (kind, role) switch
        {
            ("bookings" or "series" or "slots" or "time-off", "doctor") => Doctor,
            ("bookings" or "series" or "sessions" or "waitlist" or "passkeys"
                or "calendar-feeds", "patient") => Patient,
            _ => null,
        };
    }

    async Task<OwnedThings> Things()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var free = await doctor.Slot(1);
        var booking = (await patient.Book(await doctor.Slot(2))).Is(201).Id;
        return new(doctor, patient, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["slots"] = free.ToString(), ["bookings"] = booking.ToString(),
            ["series"] = await Series(booking),
            ["sessions"] = await Insert("""
                insert into identity.sessions (id, user_id, expires_at) values ($1, $2, now() + interval '1 day')
                """, patient.Id),
            ["time-off"] = await Insert("""
                insert into scheduling.time_off (id, doctor_id, starts_at, ends_at)
                values ($1, $2, now(), now() + interval '1 day')
                """, doctor.Id),
            ["waitlist"] = await Insert("""
                insert into scheduling.waitlist_entries (id, patient_id, specialization, starts_from, starts_until)
                values ($1, $2, 'Ayurveda', now(), now() + interval '1 day')
                """, patient.Id),
            ["passkeys"] = await Passkey(patient.Id),
            ["calendar-feeds"] = await Insert("""
                insert into notifications.calendar_feeds (id, account_id, role, token_hash, detail)
                values ($1, $2, 'patient', uuid_send($1), 'discreet')
                """, patient.Id),
        });
    }

    async Task<string> Series(Guid booking)
    {
        var id = Guid.CreateVersion7();
        await Server.Owner.Statement("update scheduling.bookings set series_id = $1 where id = $2").With(id)
            .With(booking).Execute();
        return id.ToString();
    }

    async Task<string> Insert(string sql, Guid owner)
    {
        var id = Guid.CreateVersion7();
        await Server.Owner.Statement(sql).With(id).With(owner).Execute();
        return id.ToString();
    }

    async Task<string> Passkey(Guid owner)
    {
        var id = Guid.CreateVersion7().ToByteArray();
        await Server.Owner.Statement("""
            insert into identity.passkeys (credential_id, user_id, data) values ($1, $2, '{}')
            """).With(id).With(owner).Execute();
        return Base64Url.EncodeToString(id);
    }
}
