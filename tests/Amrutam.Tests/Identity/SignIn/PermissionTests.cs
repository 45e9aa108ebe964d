using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Amrutam.Tests.Tidy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Amrutam.Tests.Identity.SignIn;

/// <summary>The reviewed table permissions.txt against every route that is mapped, and against what it
/// answers.</summary>
public sealed class PermissionTests(TestCluster cluster, ServerFixture fixture) : IClassFixture<ServerFixture>
{
    sealed record Row(string Method, string Path, string Anonymous, string Patient, string Doctor, string Admin,
        string Anothers)
    {
        public string Route => Method + " " + Path;

        public string For(string role) =>
            role switch { "patient" => Patient, "doctor" => Doctor, "admin" => Admin, _ => Anonymous };
    }

    const string Table = "tests/Amrutam.Tests/Identity/SignIn/permissions.txt";
    static readonly string[] Roles = ["anonymous", "patient", "doctor", "admin"];

    // Those whose own things there are; an admin acts for others, where the table lets them in at all.
    static readonly string[] Owners = ["patient", "doctor"];

    TestServer Server => fixture.Server;

    static IReadOnlyList<Row> Rows { get; } =
        [.. File.ReadLines(Tree.Path(Table)).Where(line => line.Length > 0 && line[0] != '#')
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(c => new Row(c[0], c[1], c[2], c[3], c[4], c[5], c[6]))];

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
    public async Task Every_route_lets_in_whom_the_table_says_and_nobody_else()
    {
        var wrong = new List<string>();
        foreach (var row in Rows)
            foreach (var role in Roles)
            {
                var reply = await (await Caller(role))
                    .Send(new(row.Method), Address(row, Guid.CreateVersion7().ToString()), Body(row));
                if (!Fits(row.For(role), role, reply)) wrong.Add(
                    $"{row.Route} as {role}: {reply.Status} {reply.Header("Location")}");
            }
        wrong.ShouldBeEmpty();
    }

    static bool Fits(string said, string role, Reply reply) => said switch
    {
        "no" => role == "anonymous" ? (reply.Status, reply.Code) == (401, "not_signed_in")
            : (reply.Status, reply.Code) == (403, "role_may_not"),
        "page" => reply.Status == 302 && reply.Header("Location")!.Contains("/sign-in", StringComparison.Ordinal),
        _ => reply.Status is not (500 or 503) && !(IsJson(reply) && reply.Code is "not_signed_in" or "role_may_not"),
    };

    static bool IsJson(Reply reply) => reply.Header("Content-Type")?.Contains("json", StringComparison.Ordinal) == true;

    /// <summary>A new one for each call: some of these routes sign their caller out.</summary>
    async Task<HttpClient> Caller(string role) => role switch
    {
        "anonymous" => Server.Anonymous(),
        "doctor" => (await Server.Doctor()).Http,
        _ =>
            (await Server.User(role)).Http,
    };

    /// <summary>What a role may call and nobody may who is not signed in; but signing out, which ends it.</summary>
    internal static IEnumerable<(string Method, string Path)> RoutesFor(string role) => Rows
        .Where(row => row.For(role) == "yes" && row.Anonymous == "no" && row.Path != "/api/auth/logout")
        .Select(row => (row.Method, Address(row, Guid.CreateVersion7().ToString())));

    static string Address(Row row, string id) =>
        row.Path.Replace("{id}", id).Replace("{position}", "0").Replace("{code}", "not_found")
            .Replace("{documentName}", "v1");

    static object? Body(Row row) => row.Method is "GET" ? null
        : row.Anonymous == "page" ? new FormUrlEncodedContent([]) : "{}";

    [Fact]
    public async Task What_is_anothers_is_answered_as_what_does_not_exist()
    {
        var things = await Things();
        var wrong = new List<string>();
        foreach (var row in Rows.Where(r => r.Anothers == "404"))
            foreach (var role in Owners.Where(role => row.For(role) == "yes"))
            {
                var thing = things[row.Path.Split('/')[2] is "me" ? row.Path.Split('/')[3] : Kind(row.Path)];
                var caller = await Caller(role);
                var anothers = await caller.Send(new(row.Method), Address(row, thing), Meaningful(row));
                var absent = await caller.Send(new(row.Method), Address(row, Stranger(thing)), Meaningful(row));
                if (anothers.Status != 404 || Same(anothers) != Same(absent))
                    wrong.Add(
                        $"{row.Route} as {role}: another's {Same(anothers)}, absent {Same(absent)}");
            }
        wrong.ShouldBeEmpty();
    }

    static string Kind(string path) =>
        path.Contains("time-off", StringComparison.Ordinal) ? "time-off" : path.Split('/')[2];

    /// <summary>An id of the same form that nothing has.</summary>
    static string Stranger(string thing) =>
        Guid.TryParse(thing, out _) ? Guid.CreateVersion7().ToString() : "AAAAAAAAAAAAAAAA";

    static string Same(Reply reply) =>
        string.Join('|', reply.Body.EnumerateObject().Where(m => m.Name != "trace_id")
        .Select(m => m.Name + "=" + m.Value));

    /// <summary>A body that gets past the checks of form, so that the object is what decides.</summary>
    static object? Meaningful(Row row) => row switch
    {
        { Method: "GET" } => null,
        { Path: "/api/bookings/{id}/move" } => new { slot_id = Guid.CreateVersion7() },
        { Path: "/api/bookings/{id}/no-show" } => new { party = "patient" },
        { Path: "/api/me/passkeys/{id}", Method: "PATCH" } => new { name = "Mine" },
        _ => "{}",
    };

    /// <summary>One of each kind that belongs to somebody, by the word of its address.</summary>
    async Task<Dictionary<string, string>> Things()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var free = await doctor.Slot(1);
        var booking = (await patient.Book(await doctor.Slot(2))).Is(201).Id;
        return new()
        {
            ["slots"] = free.ToString(), ["bookings"] = booking.ToString(),
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
        };
    }

    async Task<string> Insert(string sql, Guid owner)
    {
        var id = Guid.CreateVersion7();
        await Server.Owner.Statement(sql).With(id).With(owner).Execute();
        return id.ToString();
    }

    async Task<string> Passkey(Guid owner)
    {
        await Server.Owner.Statement("""
            insert into identity.passkeys (credential_id, user_id, data) values ('\x0102030405060708090a0b0c', $1, '{}')
            """).With(owner).Execute();
        return "AQIDBAUGBwgJCgsM";
    }
}
